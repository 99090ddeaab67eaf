"""Where things are when nobody says so."""

import os
import pwd
from pathlib import Path

from syncd.errors import ConfigError

SYSTEM_STATE = Path("/var/lib/syncd")
SYSTEM_SOCKET = Path("/run/syncd/control.sock")


def usual_file() -> Path:
    """/var/lib/syncd/syncd.db for the service and root where that can be written, else in the user's own state."""
    if _is_service() and os.access(SYSTEM_STATE, os.W_OK | os.X_OK):
        return SYSTEM_STATE / "syncd.db"
    state = os.environ.get("XDG_STATE_HOME", "")
    try:
        home = Path(state) if state.startswith("/") else Path("~/.local/state").expanduser()
    except RuntimeError:
        raise ConfigError("no home directory to keep the store in: name a file with --db or store.path") from None
    return home / "syncd" / "syncd.db"


def usual_socket() -> Path:
    """/run/syncd/control.sock for the service and root, else in the user's own runtime directory."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if _is_service() or not runtime.startswith("/"):
        return SYSTEM_SOCKET
    return Path(runtime) / "syncd" / "control.sock"


def _is_service() -> bool:
    try:
        return os.geteuid() == 0 or pwd.getpwuid(os.geteuid()).pw_name == "syncd"
    except KeyError:
        return False
