"""The moto server, told to look at permissions but not at signatures, and to look at its own files only once."""

import functools
import logging
import re
import sys

from moto import backends
from moto.core import utils
from moto.core.loaders import create_loader
from moto.iam.access_control import IAMPolicyStatement, IAMRequestBase
from moto.server import main


def trusted(_: IAMRequestBase) -> None:
    """Where IAM counts, moto 5.2 finds the signature of every REST request without a body wrong, whoever signs it.

    So who sent a request is believed; what the sender may do is checked all the same.
    """


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(f"^{pattern.replace('*', '.*')}$")


def matching(pattern: str, text: str) -> re.Match[str] | None:
    """moto's own compiles the patterns of all policies for every request: they are more than `re` keeps."""
    return compiled(pattern).match(text)


def quicken() -> None:
    """moto lists its folders for every request, and botocore's for every service: most of the time it takes."""
    modules = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    utils.create_loader = functools.cache(create_loader)  # type: ignore[attr-defined]
    setattr(IAMPolicyStatement, "_match", staticmethod(matching))  # noqa: B010  it is moto's own
    logging.getLogger("werkzeug").setLevel(logging.ERROR)


if __name__ == "__main__":
    IAMRequestBase.check_signature = trusted  # type: ignore[method-assign, assignment]
    quicken()
    main(sys.argv[1:])
