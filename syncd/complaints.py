"""What is wrong with a value, in words for people: where it is, what was found, what is expected."""

import json
import re
from collections.abc import Callable, Iterable, Sequence, Set
from copy import deepcopy
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import Struct, inspect

from syncd.kinds import BASE_KINDS, RESOURCE
from syncd.plugin import Secret

Step = str | int
Hook = Callable[[type[Any], Any], Any]

_WORDS = {
    "int": "an integer",
    "float": "a number",
    "str": "a string",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}
_FOUND = {int: "an integer", float: "a number", str: "a string", list: "a list", dict: "a table"}
_EVERY = {*RESOURCE.properties, "urn", "ctime", "mtime", "age", "last_update", "first_seen", "changed_at"}
_EVERY |= {"coverage", "ancestors"}
_COMMON = {name for kind in BASE_KINDS for name in kind.properties}
_SENSITIVE = re.compile("secret|password|token|credential|private|key", re.IGNORECASE)


class Complaint(Struct, frozen=True):
    """`path` leads from the section to the value; empty means that the section as a whole cannot be used.

    `lacking`: what is wrong is that something is not there.
    """

    path: tuple[Step, ...]
    text: str
    lacking: bool = False

    def follows(self, other: "Complaint") -> bool:
        """Whether only the removal of what `other` complained of made this one."""
        return self.lacking and other.path[: len(self.path)] == self.path

    def key(self, section: str) -> str:
        return section + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)


def complaint(error: msgspec.ValidationError, values: Any, kind: type[Any], hook: Hook) -> Complaint:
    """What msgspec found, told the way syncd tells it."""
    what, _, where = str(error).partition(" - at `$")
    path = _steps(where.rstrip("`"), values, kind, hook)
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", what):
        known = [member.encode_name for member in _members(_type(kind, path))]
        return Complaint((*path, unknown[1]), f"unknown key; {nearest(unknown[1], known)}")
    if missing := re.fullmatch(r"Object missing required field `(.*)`", what):
        return Complaint(path, f"the key {missing[1]} is missing", lacking=True)
    wanted = _expected(what, _type(kind, path))
    return Complaint(path, f"found {describe(_at(values, path), path)}, expected {wanted}" if wanted else what)


def nearest(key: str, known: Iterable[str]) -> str:
    """The known key that was probably meant, or all of them."""
    known = sorted(known)
    close = get_close_matches(key, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"


def not_indexed(path: str, kinds: Set[str]) -> str:
    """Why a property cannot be one that is indexed because it is named, "" when it can."""
    head, _, rest = path.partition(".")
    families = tuple({kind.partition("_")[0] + "_" for kind in kinds})
    if head in kinds and not rest:
        return "this is a kind; name one of its properties"
    if rest and head not in kinds and head.startswith(families):
        return f"unknown kind; {nearest(head, kinds)}"
    if head in _EVERY or (rest if head in kinds else path) in _COMMON:
        return "leave it out: it is indexed anyway, or is no property of documents"
    return ""


def describe(value: object, path: Sequence[Step] = ()) -> str:
    """A value and its type; only the type where the value may be a secret."""
    if isinstance(value, bool):
        return "true" if value else "false"
    word = _FOUND.get(type(value), "a time")
    if isinstance(value, list | dict) or any(isinstance(step, str) and _SENSITIVE.search(step) for step in path):
        return word
    shown = json.dumps(value[:40], ensure_ascii=False) if isinstance(value, str) else value
    return f"{shown} ({word})"


def without(values: Any, path: Sequence[Step]) -> Any:
    """A copy that lacks the key at `path`; for an element of a list, the key that holds the list."""
    names = list(path)
    while isinstance(names[-1], int):
        names.pop()
    copy = deepcopy(values)
    table = _at(copy, names[:-1])
    table.pop(names[-1], None)
    return copy


def _steps(where: str, values: Any, kind: type[Any], hook: Hook) -> tuple[Step, ...]:
    """`.accounts[1].role` as steps. msgspec names no key of a map (`[...]`): the one that fails alone is meant."""
    steps: list[Step] = []
    for name, index in re.findall(r"\.([^.\[]+)|\[([^\]]*)\]", where):
        if name or index.isdigit():
            steps.append(name or int(index))
            continue
        table = _at(values, steps)
        failing = (key for key in table if _fails(_only(values, steps, key), kind, hook))
        steps.append(next(failing, next(iter(table))))
    return tuple(steps)


def _only(values: Any, path: Sequence[Step], key: str) -> Any:
    copy = deepcopy(values)
    table = _at(copy, path)
    for other in [other for other in table if other != key]:
        del table[other]
    return copy


def _fails(values: Any, kind: type[Any], hook: Hook) -> bool:
    try:
        msgspec.convert(values, kind, dec_hook=hook)
    except msgspec.ValidationError:
        return True
    return False


def _at(values: Any, path: Sequence[Step]) -> Any:
    for step in path:
        values = values[step]
    return values


def _type(kind: type[Any], path: Sequence[Step]) -> inspect.Type:
    found = inspect.type_info(kind)
    for step in path:
        found = _inner(found, step)
    return found


def _inner(outer: inspect.Type, step: Step) -> inspect.Type:
    for choice in _choices(outer):
        if isinstance(choice, inspect.StructType):
            return next(member.type for member in choice.fields if member.encode_name == step)
        if isinstance(choice, inspect.DictType):
            return choice.value_type
        if isinstance(choice, inspect.CollectionType):
            return choice.item_type
    return inspect.AnyType()


def _choices(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """What a value may be, each without its description."""
    return tuple(_plain(choice) for choice in _described(kind))


def _described(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    plain = _plain(kind)
    return plain.types if isinstance(plain, inspect.UnionType) else (kind,)


def _plain(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _members(kind: inspect.Type) -> Iterable[inspect.Field]:
    return [member for choice in _choices(kind) if isinstance(choice, inspect.StructType) for member in choice.fields]


def _expected(what: str, kind: inspect.Type) -> str:
    """What the type wants, in words; "" when `what` is a sentence of our own that says it all."""
    if any(isinstance(choice, inspect.CustomType) and choice.cls is Secret for choice in _choices(kind)):
        return ""
    choices = _described(kind)
    if any(_special(choice) for choice in choices):
        return " or ".join(filter(None, (_special(choice) or _general(choice) for choice in choices)))
    if not what.startswith("Expected "):
        return ""
    wanted = what.removeprefix("Expected ").partition(", got ")[0].replace(" | null", "")
    return re.sub(
        r"`([^`]*)`", lambda word: " or ".join(_WORDS.get(part, part) for part in word[1].split(" | ")), wanted
    )


def _special(kind: inspect.Type) -> str:
    """What only the type itself can say: its description, or its values."""
    plain = _plain(kind)
    if isinstance(kind, inspect.Metadata) and (said := (kind.extra_json_schema or {}).get("description")):
        return str(said)
    if isinstance(plain, inspect.LiteralType):
        shown = [json.dumps(value) for value in plain.values]
        return shown[0] if len(shown) == 1 else "one of " + ", ".join(shown)
    return ""


def _general(kind: inspect.Type) -> str:
    match _plain(kind):
        case inspect.CollectionType():
            return _WORDS["array"]
        case inspect.StructType() | inspect.DictType():
            return _WORDS["object"]
        case inspect.StrType():
            return _WORDS["str"]
        case inspect.IntType():
            return _WORDS["int"]
    return ""
