"""The only way to targets: addresses are checked where they are dialled, answers are bounded, nothing is followed."""

from syncd.egress.attempt import Attempt
from syncd.egress.session import Egress

__all__ = ["Attempt", "Egress"]
