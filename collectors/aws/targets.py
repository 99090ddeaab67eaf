"""What a value that refers to a kind becomes: a URN or a handle, or nothing when it has not that kind's form."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from msgspec import Struct

from collectors.aws.entries import Catalog, KindEntry
from collectors.aws.templates import PLACE_NAMES, as_template, prepare, template

Place = Mapping[str, str]
Make = Callable[[str], str]

REFERENCE_NAMES = PLACE_NAMES | {"value"}


class Target(Struct, frozen=True):
    """One kind as the target of references. `form` and `arn` are patterns of whole values, "" where there is none;
    `reference` is the template that makes a target of a bare value, or "".
    """

    kind: str
    form: str
    arn: str
    reference: str


class Targets(Mapping[str, Target]):
    """Those of a catalog, each made when it is first asked for: nothing that is read refers to most kinds."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._made: dict[str, Target] = {}

    def __getitem__(self, kind: str) -> Target:
        found = self._made.get(kind)
        if found is None:
            found = self._made[kind] = _target(self._catalog.kinds[kind], self._catalog)
        return found

    def __contains__(self, kind: object) -> bool:
        return kind in self._catalog.kinds

    def __iter__(self) -> Iterator[str]:
        return iter(self._catalog.kinds)

    def __len__(self) -> int:
        return len(self._catalog.kinds)


def _target(entry: KindEntry, catalog: Catalog) -> Target:
    return Target(entry.kind, entry.form, _arn(entry, catalog), entry.ref or _default_reference(entry))


def urn_template(entry: KindEntry) -> str:
    """The URN's template in full: of an ARN, of a document key that holds one, or of what stands for one."""
    text = as_template(entry.urn)
    return text if text != entry.urn or text.startswith(("urn:", "{", "arn:")) else "arn:{partition}:" + text


def _default_reference(entry: KindEntry) -> str:
    """The URN's template with {value} in place of the id, where the place alone gives the rest."""
    text, id_ = urn_template(entry), as_template(entry.id)
    if id_ not in text or text == id_:
        return ""
    parsed = template(text.replace(id_, "{value}"))
    parts = [parsed.texts[0]]
    for field, after in zip(parsed.fields, parsed.texts[1:], strict=True):
        known = [name for name in field.names if name in REFERENCE_NAMES]
        if not known:
            return ""
        parts += ("{" + known[0] + "}", after)
    return "".join(parts)


def _arn(entry: KindEntry, catalog: Catalog) -> str:
    """The form of the kind's ARNs: by template, by the id's form where the id is the ARN, else by service."""
    text = urn_template(entry)
    if text.startswith("urn:"):
        return ""
    if text.startswith("{"):
        if entry.form.startswith("arn:") and as_template(entry.id) == text:
            return entry.form
        service = catalog.services.get(entry.call.service)
        prefix = (service.prefix if service else "") or entry.call.service
        return rf"arn:[^:]+:{re.escape(prefix)}:\S+"
    parsed = template(text)
    parts = [re.escape(parsed.texts[0])]
    for after in parsed.texts[1:]:
        parts += ("[^:]*" if "".join(parts).count(":") < 5 else "\\S+", re.escape(after))
    return "".join(parts)


@lru_cache(maxsize=1024)
def _fits(pattern: str) -> Callable[[str], object]:
    """Compiled when a kind that is read refers to it: most of the catalog is not, in most configurations."""
    return re.compile(pattern).fullmatch


class Resolver:
    """Makes a target of a value: "" for what refers to none of the kinds. Compiled once, then used in many places."""

    def __init__(self, wanted: Iterable[Target]) -> None:
        self._arns = tuple(_fits(target.arn) for target in wanted if target.arn)
        self._bare = tuple(
            (_fits(target.form) if target.form else None, prepare(target.reference))
            for target in wanted
            if target.reference
        )

    def at(self, place: Place) -> Make:
        arns = self._arns
        bare = tuple((fits, prepared(place)) for fits, prepared in self._bare)

        def make(value: str) -> str:
            if "*" in value:
                return ""
            if value.startswith("arn:"):
                return value if any(owns(value) for owns in arns) else ""
            for fits, target in bare:
                if fits is None or fits(value):
                    return target({"value": value})
            return ""

        return make
