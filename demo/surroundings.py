"""The environment of the demo's processes: nothing of the user's AWS or syncd settings, nothing but loopback."""

import os
from collections.abc import Mapping

FOREIGN = ("AWS_", "BOTO", "SYNCD_", "XDG_", "MOTO_", "CREDENTIALS_")
PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


def clean(**more: str) -> dict[str, str]:
    """A copy of the environment without what would reach, or read, the user's own cloud."""
    kept = {name: value for name, value in os.environ.items() if not _is_foreign(name)}
    return kept | {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull} | more


def settle(environ: dict[str, str] | None = None) -> None:
    """Makes this process's own environment clean, before any SDK looks at it."""
    wanted: Mapping[str, str] = clean(AWS_SHARED_CREDENTIALS_FILE=os.devnull) if environ is None else environ
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    os.environ.update(wanted)


def _is_foreign(name: str) -> bool:
    return name.startswith(FOREIGN) or name.lower() in PROXIES
