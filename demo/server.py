"""The moto server, told to look at permissions but not at signatures.

Where IAM counts, moto 5.2 finds the signature of every REST request without a body wrong, whoever signs it.
"""

import sys

from moto.iam.access_control import IAMRequestBase
from moto.server import main


def trusted(_: IAMRequestBase) -> None:
    """Who sent the request is believed; what the sender may do is checked all the same."""


if __name__ == "__main__":
    IAMRequestBase.check_signature = trusted
    main(sys.argv[1:])
