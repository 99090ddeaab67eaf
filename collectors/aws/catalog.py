"""Loads a folder of TOML into frozen entries; `python -m collectors.aws.catalog --check [folder]` lists mistakes."""

import sys
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from botocore import xform_name
from msgspec.structs import replace

import syncd
from collectors.aws import entries, tables
from collectors.aws.entries import (
    EDGE_TYPES,
    Catalog,
    Common,
    Facet,
    KindEntry,
    Match,
    Parent,
    Relation,
    Rule,
    Service,
    Target,
    When,
)
from collectors.aws.shelf import NOTHING_KEPT, Shelf, stamp
from collectors.aws.tables import Problems, Table, nearest
from syncd.errors import ConfigError

FOLDER = Path(__file__).with_name("catalog")
RULES = "references.toml"
_KEPT = msgspec.msgpack.Decoder(Catalog)


def load(folder: Path = FOLDER, references: Path | None = None, shelf: Shelf = NOTHING_KEPT) -> Catalog:
    """The catalog of a folder. Raises ConfigError with the first mistake in the files' own form."""
    name, made_of = f"catalog-{folder.name}", stamp((syncd.__version__, str(references)), _sources(folder, references))
    kept = shelf.get(name, made_of)
    if kept is not None:
        with suppress(msgspec.DecodeError):
            return _KEPT.decode(kept)
    catalog, problems = read(folder, references)
    if problems.lines:
        raise ConfigError(f"the AWS catalog cannot be used: {problems.lines[0]}")
    shelf.put(name, made_of, msgspec.msgpack.encode(catalog))
    return catalog


def _sources(folder: Path, references: Path | None) -> list[Path]:
    """All that a catalog follows from, the code that reads it as well."""
    code = (Path(each.__file__ or "") for each in (sys.modules[__name__], entries, tables))
    return [*sorted(folder.glob("*.toml")), *code, _rules_of(folder, references)]


def _rules_of(folder: Path, references: Path | None) -> Path:
    return references or (folder / RULES if (folder / RULES).exists() else FOLDER / RULES)


def read(folder: Path, references: Path | None = None) -> tuple[Catalog, Problems]:
    """All entries that could be read, and every mistake that the files alone show."""
    problems = Problems()
    services: dict[str, Service] = {}
    kinds: dict[str, KindEntry] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name != RULES:
            service, entries = read_file(path, problems)
            services[service.name] = service
            for entry in entries:
                if entry.kind in kinds:
                    problems.add(f"{path.name}: {entry.kind}", f"declared in {kinds[entry.kind].file} too")
                kinds[entry.kind] = entry
    return Catalog(services, kinds, _rules(_rules_of(folder, references), problems)), problems


def read_file(path: Path, problems: Problems) -> tuple[Service, list[KindEntry]]:
    """What one file says of its service, and its kinds."""
    data = _toml(path, problems)
    service = _service(path, data.pop("service", {}), problems)
    tables = {kind: Table(table, f"{path.name}: {kind}", problems) for kind, table in data.items()}
    return service, [_kind(table, path.name, kind, service) for kind, table in tables.items()]


def _toml(path: Path, problems: Problems) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.add(path.name, f"not TOML: {error}")
        return {}


def _service(path: Path, data: object, problems: Problems) -> Service:
    table = Table(data, f"{path.name}: service", problems)
    service = Service(
        path.stem, table.text("prefix"), table.flag("global"), table.text("endpoint"), table.names("actions")
    )
    table.done()
    return service


def _target(table: Table, text: str, key: str) -> Target:
    service, _, operation = text.partition(".")
    if text and not operation:
        table.problems.add(f"{table.where}: {key}", f"expected service.Operation, found {text!r}")
    return Target(service, operation)


def _kind(table: Table, file: str, kind: str, service: Service) -> KindEntry:
    listing = table.text("list", needed=True).split()
    if table.has("list") and len(listing) != 2:
        table.problems.add(f"{table.where}: list", "expected 'service.Operation Path[]'")
    call, path = (*listing, "", "")[:2]
    entry = KindEntry(
        kind=kind,
        file=file,
        call=_target(table, call, "list"),
        path=path,
        urn=table.text("arn", needed=True),
        id=table.text("id", needed=True),
        worldwide=table.flag("global") if table.has("global") else service.worldwide,
        organization=table.flag("organization"),
        parent=_parent(table.table("parent")) if table.has("parent") else None,
        common=_commons(table),
        relations=tuple(_relation(each) for each in table.tables("relation")),
        facets=tuple(_facet(each) for each in table.tables("facet")),
    )
    entry = _plain(table, entry)
    table.done()
    return entry if entry.scope else replace(entry, scope=scope_name(entry.call))


def _plain(table: Table, entry: KindEntry) -> KindEntry:
    """The keys that are taken as they stand."""
    return replace(
        entry,
        args=table.mapping("args"),
        each=_each(table),
        absent=frozenset(table.texts("absent")),
        scope=table.text("scope"),
        item=table.text("item"),
        lift=table.names("lift"),
        form=table.regex("form"),
        name=table.text("name"),
        tags=table.text("tags"),
        tagging=table.text("tagging"),
        created=table.text("created"),
        updated=table.text("updated"),
        zone=table.text("zone"),
        bases=table.texts("base"),
        volatile=table.names("volatile"),
        secret=table.names("secret"),
        drop=table.names("drop"),
        ordered=table.texts("ordered"),
        decode=table.texts("decode"),
        handles=table.texts("handles"),
        ref=table.text("ref"),
        unrelated=table.texts("unrelated"),
    )


def _each(table: Table) -> Mapping[str, tuple[Any, ...]]:
    found = table.mapping("each")
    for name, values in found.items():
        if not isinstance(values, list) or not values:
            table.problems.add(f"{table.where}: each.{name}", f"expected a list of values, found {values!r}")
    return {name: tuple(values) for name, values in found.items() if isinstance(values, list)}


def scope_name(call: Target) -> str:
    """`ec2.DescribeVolumes` → `ec2.volumes`."""
    words = str(xform_name(call.operation))
    for verb in ("describe_", "list_", "get_"):
        words = words.removeprefix(verb)
    return f"{call.service}.{words}"


def _parent(table: Table) -> Parent:
    parent = Parent(
        kind=table.text("kind", needed=True),
        args=table.mapping("args"),
        keep=table.names("keep"),
        batch=table.number("batch", 1),
        distinct=table.flag("distinct"),
        where=table.text("where"),
        own=table.text("own"),
    )
    table.done()
    return parent


def _commons(table: Table) -> Mapping[str, Common]:
    inner = table.table("common") if table.has("common") else None
    found: dict[str, Common] = {}
    for key in table.mapping("common"):
        if inner is not None:
            found[key] = Common(of=inner.text(key)) if isinstance(inner.any(key), str) else _common(inner.table(key))
    return found


def _common(table: Table) -> Common:
    common = Common(
        of=table.text("of"),
        exists=table.text("exists"),
        template=table.text("template"),
        value=table.any("value"),
        map=table.mapping("map") if table.has("map") else None,
        otherwise=table.any("else"),
        divide=float(table.get("divide", (int, float), 0)),
        equals=table.any("equals"),
        number=table.flag("number"),
    )
    if sum((bool(common.of), bool(common.exists), bool(common.template), common.value is not None)) != 1:
        table.problems.add(table.where, "needs exactly one of: of, exists, template, value")
    table.done()
    return common


def _edge_type(table: Table) -> str:
    type_ = table.text("type", needed=True)
    if type_ and type_ not in EDGE_TYPES:
        table.problems.add(f"{table.where}: type", f"unknown edge type {type_}{nearest(type_, EDGE_TYPES)}")
    return type_


def _relation(table: Table) -> Relation:
    if not table.has("kind"):
        table.problems.add(table.where, "kind is missing")
    relation = Relation(
        type=_edge_type(table),
        kinds=table.texts("kind"),
        path=table.text("path", needed=True),
        incoming=table.flag("incoming"),
        split=table.text("split"),
        template=table.text("template"),
        form=table.regex("form"),
        beside=_beside(table),
    )
    table.done()
    return relation


def _beside(table: Table) -> tuple[str, str] | None:
    found = tuple(table.names("beside").items())
    if len(found) > 1:
        table.problems.add(f"{table.where}: beside", "expected one member and its value")
    return found[0] if found else None


def _when(table: Table) -> When | None:
    value = table.any("when")
    if value is None or isinstance(value, str):
        return When(value) if value else None
    inner = table.table("when")
    when = When(inner.text("key", needed=True), inner.any("is"))
    inner.done()
    return when


def _match(table: Table) -> Match:
    match = Match(table.text("item", needed=True), table.text("key", needed=True))
    table.done()
    return match


def _facet(table: Table) -> Facet:
    name = table.text("name", needed=True)
    table.where = f"{table.where.rsplit(': ', 1)[0]}: facet {name}"
    facet = Facet(
        name=name,
        call=_target(table, table.text("call", needed=True), "call"),
        args=table.mapping("args"),
        take=table.text("take"),
        into=table.text("into"),
        tags=table.flag("tags"),
        absent=frozenset(table.texts("absent")),
        batch=table.number("batch", 1),
        match=_match(table.table("match")) if table.has("match") else None,
        member=table.text("member"),
        after=table.text("after"),
        region=table.text("region"),
        when=_when(table),
        pages=table.flag("pages"),
        default=table.any("default"),
        known=table.text("known"),
    )
    table.done()
    return facet


def _rules(path: Path, problems: Problems) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    seen: set[object] = set()
    for member, data in (_toml(path, problems) if path.exists() else {}).items():
        for index, each in enumerate(data if isinstance(data, list) else [data]):
            table = Table(each, f"{path.name}: {member}{f'[{index}]' if isinstance(data, list) else ''}", problems)
            rules.extend(_rule(table, member, seen))
    return tuple(rules)


def _rule(table: Table, member: str, seen: set[object]) -> list[Rule]:
    rule = Rule(
        member=member,
        kinds=table.texts("kind"),
        type=_edge_type(table),
        incoming=table.flag("incoming"),
        split=table.text("split"),
        template=table.text("template"),
        form=table.regex("form"),
        beside=_beside(table),
        within=table.texts("within"),
        except_=table.texts("except"),
    )
    if not rule.kinds:
        table.problems.add(table.where, "kind is missing")
    names = (member, *table.texts("also"))
    table.done()
    for name in names:
        mark = (name, rule.within, rule.beside)
        if mark in seen:
            table.problems.add(table.where, f"a second rule for {name}")
        seen.add(mark)
    return [replace(rule, member=name) for name in names]


def main(argv: list[str]) -> int:
    """Prints every mistake of a catalog; 1 when there is one."""
    if not argv or argv[0] != "--check" or len(argv) > 2:
        sys.stderr.write("usage: python -m collectors.aws.catalog --check [folder]\n")
        return 2
    from collectors.aws.check import check  # botocore is slow to import: only for a check

    folder = Path(argv[1]) if len(argv) == 2 else FOLDER
    lines, kinds = check(folder)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.write(f"{kinds} kinds, {len(lines)} mistakes\n")
    return 1 if lines else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
