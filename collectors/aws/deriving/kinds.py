"""The derived kinds of one service: named, told apart, each with its parent; and why the other lists are left out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from botocore.model import ServiceModel
from msgspec import Struct, field

from collectors.aws.derive import CREATED
from collectors.aws.deriving.candidates import Candidate, candidates
from collectors.aws.deriving.families import Provider, parent_of
from collectors.aws.deriving.hiding import hidden
from collectors.aws.deriving.identity import Identity
from collectors.aws.deriving.rules import Rules
from collectors.aws.outline import Outline, snake, tags_key

_UPDATED = (
    "last_modified_time", "last_modified_date", "last_modified_at", "last_modified", "last_updated_time",
    "last_updated_at", "last_updated_date", "last_updated", "last_update_time", "updated_at", "updated_time",
    "update_time", "modified_at", "modified_time", "modification_time", "last_modified_date_time",
    "last_updated_timestamp", "updated_date",
)  # fmt: skip
_CREATED_ENDS = (
    "_creation_time",
    "_creation_date",
    "_create_time",
    "_created_at",
    "_created_time",
    "_create_date",
    "_created_date",
    "_creation_timestamp",
)


class Derived(Struct, frozen=True):
    """One kind as its file has it: `table` holds the keys of an entry in their order."""

    kind: str
    table: Mapping[str, Any]


class Service(Struct):
    """What came of a service. `left_out`: operation → why; `listed`: those that curated kinds list."""

    name: str
    header: dict[str, Any] = field(default_factory=dict)
    kinds: list[Derived] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    listed: int = 0


class Curated(Struct, frozen=True):
    """What people have written of a service: operations that are called, its kinds as parents, all kinds' names."""

    calls: frozenset[str]
    providers: tuple[Provider, ...]
    names: Collection[str]


def derive(service: str, model: ServiceModel, pages: Mapping[str, Any], curated: Curated, rules: Rules) -> Service:
    found = Service(service)
    possible: list[Candidate] = []
    for each in candidates(service, model, pages, curated.calls, rules):
        if isinstance(each, Candidate):
            possible.append(each)
        else:
            found.left_out[each[0]] = each[1]
    nouns = {noun: provider.kind for provider in curated.providers for noun in provider.nouns}
    chosen = _one_of_each(possible, nouns, found)
    _grow(chosen, model, curated, rules, found)
    return found


def _one_of_each(possible: Iterable[Candidate], curated: Mapping[str, str], found: Service) -> list[Candidate]:
    best: dict[str, Candidate] = {}
    for each in sorted(possible, key=lambda each: each.rank):
        if each.noun in curated:
            found.left_out[each.operation.name] = f"the same things as another list: {curated[each.noun]}"
        elif each.noun in best:
            found.left_out[each.operation.name] = f"the same things as another list: {best[each.noun].operation.name}"
        else:
            best[each.noun] = each
    return list(best.values())


def _grow(chosen: Sequence[Candidate], model: ServiceModel, curated: Curated, rules: Rules, found: Service) -> None:
    """Kinds without a parent first, then those that they are parents of, and so on."""
    providers = list(curated.providers)
    taken = set(curated.names)
    waiting = sorted(chosen, key=lambda each: each.operation.name)
    while waiting:
        ready = [(each, _parent(each, providers, rules)) for each in waiting]
        now = [(each, parent) for each, parent in ready if not each.needs or parent is not None]
        if not now:
            break
        new = []
        for each, parent in now:
            kind = _name(each, rules, taken)
            if kind:
                taken.add(kind)
                derived = _derived(kind, each, parent, rules)
                found.kinds.append(derived)
                new.append(_provider(kind, each, parent))
            else:
                found.left_out[each.operation.name] = "its kind would have the name of another one"
        providers += new
        done = {id(each) for each, _ in now}
        waiting = [each for each in waiting if id(each) not in done]
    for each in waiting:
        found.left_out[each.operation.name] = f"needs an argument that no kind of its service gives: {each.needs}"
    found.kinds.sort(key=lambda each: each.kind)


def _parent(each: Candidate, providers: Sequence[Provider], rules: Rules) -> tuple[Provider, str] | None:
    if not each.needs:
        return None
    kind = rules.parents.get(each.label)
    return parent_of(each, [provider for provider in providers if kind in (None, provider.kind)])


def _name(each: Candidate, rules: Rules, taken: Collection[str]) -> str:
    prefix = rules.prefix(each.service)
    first, _, rest = each.noun.partition("_")
    short = rest if rest and (prefix == first or (len(first) > 3 and prefix.endswith(first))) else each.noun
    names = (f"aws_{prefix}_{short}", f"aws_{prefix}_{each.noun}")
    return next((name for name in names if name not in taken), "")


def _provider(kind: str, each: Candidate, parent: tuple[Provider, str] | None) -> Provider:
    identity = each.identity
    keys = frozenset({*each.members, *(_kept(each, parent) if parent else ())})
    return Provider(kind, (each.noun,), keys, identity.arn, identity.id, identity.name)


def _derived(kind: str, each: Candidate, parent: tuple[Provider, str] | None, rules: Rules) -> Derived:
    identity, kept = each.identity, _kept(each, parent)
    created, updated = _times(each)
    needed = {identity.arn, identity.id, identity.name, tags_key(Outline(dict(each.members))), created, updated}
    parts = hidden({} if each.item else each.members, needed, rules)
    asked = {"kind": parent[0].kind, "args": {each.needs: parent[1]}} if parent is not None else {}
    table: dict[str, Any] = {
        "list": f"{each.label} {each.listing.path}",
        "args": dict(each.args),
        "parent": asked | ({"keep": kept} if kept else {}),
        "item": each.item,
        "arn": _urn(kind, identity, kept),
        "id": _id(identity),
        "name": "" if identity.name == identity.id and not identity.arn else identity.name,
        "created": "" if created in CREATED else created,
        "updated": updated,
        "volatile": dict(parts.volatile),
        "secret": dict(parts.secret),
    }
    return Derived(kind, {key: value for key, value in table.items() if value})


def _kept(each: Candidate, parent: tuple[Provider, str] | None) -> dict[str, str]:
    """What a document keeps of its parent: what it was asked with."""
    if parent is None:
        return {}
    key = snake(each.needs)
    if key in (each.identity.arn, each.identity.id, each.identity.name) or (each.identity.arn and key in each.members):
        key = f"parent_{key}" if not each.identity.arn else ""
    return {key: parent[1]} if key else {}


def _id(identity: Identity) -> str:
    """What tells the thing for certain, where an answer leaves its id out."""
    if not identity.arn:
        return identity.id
    return f"{{{identity.id}|{identity.arn}}}" if identity.id else f"{{{identity.arn}|tail}}"


def _urn(kind: str, identity: Identity, kept: Mapping[str, str]) -> str:
    if identity.arn:
        return identity.arn
    above = "".join(f"{{{key}}}/" for key in (*kept, *identity.within))
    return f"urn:aws:{{account}}:{{region}}:{kind}:{above}{{{identity.id}}}"


def _times(each: Candidate) -> tuple[str, str]:
    """When it was made and last changed, where the item says so."""
    times = {key for key, shape in each.members.items() if shape.type_name == "timestamp"}
    plain = next((key for key in CREATED if key in each.members), "")
    created = plain or next((key for end in _CREATED_ENDS for key in sorted(times) if key == f"{each.noun}{end}"), "")
    return created, next((key for key in _UPDATED if key in times), "")
