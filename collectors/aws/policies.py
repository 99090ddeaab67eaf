"""IAM documents: which actions stand in which, none larger than IAM takes. The same grants give the same documents."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from msgspec import Struct

from syncd.permitting import Policy

Document = dict[str, Any]

LARGEST = 6144
"""Characters of a managed policy, white space not counted."""
MOST = 10
"""Managed policies that a role or user has without a raised quota."""
_BROAD = ("Describe", "List")
"""Words that only tell what there is: of Get and BatchGet some give what is inside."""


class Grant(Struct, frozen=True):
    """Actions on the same resources. `exact`: never to be widened."""

    sid: str
    actions: frozenset[str]
    resources: tuple[str, ...] = ("*",)
    exact: bool = False


def policies(grants: Iterable[Grant], *, compact: bool = False) -> list[Policy]:
    """As few documents as hold all actions, in the order of the grants, named `syncd-1` and so on."""
    given = [_widened(grant) if compact and not grant.exact else grant for grant in grants]
    documents = [document(part) for part in _parts(given)]
    return [Policy(f"syncd-{number}", each, size(each)) for number, each in enumerate(documents, 1)]


def document(grants: Iterable[Grant]) -> Document:
    return {"Version": "2012-10-17", "Statement": [_statement(grant) for grant in grants]}


def size(of: Mapping[str, Any]) -> int:
    return len(orjson.dumps(of))


def _statement(grant: Grant) -> Document:
    resources = list(grant.resources)
    return {
        "Sid": grant.sid,
        "Effect": "Allow",
        "Action": sorted(grant.actions),
        "Resource": resources[0] if len(resources) == 1 else resources,
    }


def _parts(grants: Sequence[Grant]) -> Iterator[list[Grant]]:
    """The grants cut where a document is full."""
    current: list[Grant] = []
    for grant in grants:
        taken: list[str] = []
        for action in sorted(grant.actions):
            if (current or taken) and size(document([*current, _cut(grant, [*taken, action])])) > LARGEST:
                yield [*current, _cut(grant, taken)] if taken else current
                current, taken = [], []
            taken.append(action)
        current = [*current, _cut(grant, taken)] if taken else current
    if current:
        yield current


def _cut(grant: Grant, actions: Iterable[str]) -> Grant:
    return Grant(grant.sid, frozenset(actions), grant.resources, grant.exact)


def _widened(grant: Grant) -> Grant:
    """`ec2:Describe*` where a service has two or more of its actions."""
    groups: dict[str, list[str]] = {}
    for action in sorted(grant.actions):
        groups.setdefault(_broad(action), []).append(action)
    actions = (broad if len(members) > 1 else members[0] for broad, members in groups.items())
    return _cut(grant, actions)


def _broad(action: str) -> str:
    prefix, _, name = action.partition(":")
    word = next((word for word in _BROAD if name.startswith(word)), "")
    return f"{prefix}:{word}*" if word else action
