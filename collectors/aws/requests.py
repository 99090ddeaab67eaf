"""The requests of one run: those that are sent again and again, or differ in a text only, are not written anew."""

from collections.abc import Mapping
from typing import Any, TypeVar

import orjson

from collectors.aws.models import Operation
from collectors.aws.request import Request, write
from collectors.aws.request_forms import Form, form_of

_KEPT = 1024
_KEPT_SIZE = 4096

_TEXTS = {str}

V = TypeVar("V")
Key = tuple[Operation, tuple[str, ...], bytes]


class Requests:
    """Builds requests, and keeps those that are asked again and again (a list of each account and region)."""

    def __init__(self) -> None:
        self._kept: dict[Key, Request] = {}
        self._forms: dict[Key, Form | None] = {}
        self._once: dict[Key, None] = {}

    def build(self, operation: Operation, args: Mapping[str, Any]) -> Request:
        """Raises Failed for arguments that the operation does not take."""
        if operation.model.idempotent_members:
            return write(operation, args)
        if {*map(type, args.values())} == _TEXTS:
            key, texts = (operation, tuple(args), b""), [*args.values()]
        else:
            key, texts = _apart(operation, args)
        if texts:
            form = self._forms.get(key) or self._form(key, args)
            if form is not None and all(map(form.fits, texts)):
                return form.fill(texts)
        return self._found(operation, args)

    def _found(self, operation: Operation, args: Mapping[str, Any]) -> Request:
        key = (operation, (), _dumps(args))
        found = self._kept.get(key)
        if found is None:
            found = write(operation, args)
            if len(key[2]) < _KEPT_SIZE:
                _keep(self._kept, key, found)
        return found

    def _form(self, key: Key, args: Mapping[str, Any]) -> Form | None:
        """Made when arguments of the same kind come for a second time: lists of ids never do."""
        if key in self._forms:
            return self._forms[key]
        if key not in self._once:
            _keep(self._once, key, None)
            return None
        operation, names, _ = key
        form = form_of(operation, args, names)
        _keep(self._forms, key, form)
        return form


def _apart(operation: Operation, args: Mapping[str, Any]) -> tuple[Key, list[str]]:
    """The texts among the arguments, and a key of all others."""
    texts = {name: value for name, value in args.items() if value.__class__ is str}
    others = {name: value for name, value in args.items() if name not in texts}
    return (operation, tuple(texts), _dumps(others)), [*texts.values()]


def _keep(kept: dict[Key, V], key: Key, value: V) -> None:
    if len(kept) >= _KEPT:
        kept.clear()
    kept[key] = value


def _dumps(args: Mapping[str, Any]) -> bytes:
    """Bytes and times among the arguments only have to tell requests apart."""
    return orjson.dumps(args, option=orjson.OPT_SORT_KEYS, default=repr)
