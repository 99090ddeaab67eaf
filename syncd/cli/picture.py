"""A drawing for people: its text on stdout, or as SVG in a file, which Graphviz makes."""

import os
import subprocess
import tempfile
from pathlib import Path

from syncd.cli.encoding import escaped
from syncd.errors import SyncdError

SECONDS = 60.0
MISSING = (
    "an SVG is drawn by Graphviz, whose program dot is not found; install it (apt install graphviz, dnf install "
    "graphviz, brew install graphviz), or write the text with -o dot"
)
_TOLD = 400
"""Characters of Graphviz's complaint that are passed on."""


class DrawingError(SyncdError):
    """Graphviz is missing, failed or took too long."""


def draw(text: str, file: Path) -> None:
    """Writes the drawing to the file, whole or not at all."""
    try:
        done = subprocess.run(
            ["dot", "-Tsvg"],  # noqa: S607 (wherever the user has it)
            input=text.encode(errors="backslashreplace"),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise DrawingError(MISSING) from None
    except subprocess.TimeoutExpired:
        raise DrawingError(
            f"Graphviz took more than {SECONDS:.0f} s; draw less, or write the text with -o dot"
        ) from None
    if done.returncode != 0:
        told = escaped(" ".join(done.stderr.decode(errors="replace").split()))
        raise DrawingError(f"Graphviz failed with code {done.returncode}: {told[:_TOLD]}")
    _write(file.expanduser(), done.stdout)


def _write(file: Path, content: bytes) -> None:
    if file.exists() and not file.is_file():
        file.write_bytes(content)  # such as /dev/stdout
        return
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
