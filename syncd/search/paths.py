"""The text of a path → its steps. Resoto's sections are taken away, or refused where syncd has nothing like them."""

import re

from syncd.errors import QueryError
from syncd.search.tree import EACH, Path

_STEP = re.compile(r"\.?(?:`(?P<quoted>[^`]*)`|(?P<plain>[^.`\[\]]+))|\[\s*(?P<index>[0-9]*|\*)\s*\]")
_REFUSED = {
    "metadata": "syncd keeps no metadata of its own beside a resource",
    "desired": "syncd does not keep wishes about resources",
    "security": "syncd does not run benchmarks",
    "usage": "syncd does not read metrics of usage",
    "descendants": "use with(any, -[1:]-> is(…)) or a walk",
}
_LARGEST_INDEX = 1_000_000


def path(text: str, whole: str, at: int) -> Path:
    """`text` begins at `at` of `whole`. QueryError: a section that syncd has not, an empty name, an absurd index."""
    absolute = text.startswith("/")
    steps = [_step(found, whole, at + found.start()) for found in _STEP.finditer(text, 1 if absolute else 0)]
    return Path(_without_sections(steps, absolute, whole, at), at)


def _step(found: re.Match[str], whole: str, at: int) -> str | int | None:
    index = found["index"]
    if index is not None:
        if len(index) > 7 or (index.isdigit() and int(index) > _LARGEST_INDEX):
            raise QueryError(f"the index {index} is too large", whole, at)
        return int(index) if index.isdigit() else EACH
    name: str = found["quoted"] if found["plain"] is None else found["plain"]
    if not name:
        raise QueryError("nothing stands between the back-ticks", whole, at, expected=["the name of a property"])
    return name


def _without_sections(
    steps: list[str | int | None], absolute: bool, whole: str, at: int
) -> tuple[str | int | None, ...]:
    if absolute and steps[0] in _REFUSED:
        raise _refused(str(steps[0]), whole, at)
    if steps[0] == "reported" and (absolute or len(steps) > 1):
        steps = steps[1:]
    elif steps[0] == "ancestors" and len(steps) > 3:
        if absolute and steps[2] in _REFUSED:
            raise _refused(str(steps[2]), whole, at)
        steps = [*steps[:2], *steps[3:]] if steps[2] == "reported" else steps
    if not steps or not isinstance(steps[0], str):
        raise QueryError("this names no property", whole, at, expected=["a property"])
    return tuple(steps)


def _refused(section: str, whole: str, at: int) -> QueryError:
    return QueryError(f"the section /{section} is not there in syncd", whole, at, hint=_REFUSED[section])
