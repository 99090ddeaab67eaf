"""`python -m collectors.aws.deriving [--check]`: derives all kinds again; with --check only tells what would change."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from collectors.aws import catalog, derived
from collectors.aws.check import Botocore
from collectors.aws.deriving import pages, rules
from collectors.aws.deriving.curated import curated_of
from collectors.aws.deriving.kinds import Service, derive
from collectors.aws.deriving.models import is_spoken, is_worldwide, models, services
from collectors.aws.deriving.writing import text_of
from collectors.aws.entries import Catalog

DOCS = Path(__file__).parents[3] / "docs"
KINDS_PAGE, LEFT_OUT_PAGE = "aws-kinds.md", "aws-left-out.md"


def derive_all(known: Catalog) -> list[Service]:
    """Every service that botocore has a model of, with the kinds that are derived of it."""
    decisions, operations = rules.load(), Botocore()
    endpoints = Loader().load_data("endpoints")["partitions"][0]["services"]
    found = []
    for name, model, pagination in models(services()):
        if not is_spoken(model):
            found.append(Service(name, left_out={"all of them": "offers no protocol that is spoken here"}))
            continue
        service = derive(name, model, pagination, curated_of(known, name, operations), decisions)
        if service.kinds:
            service.header = _header(service, model, endpoints, decisions)
        found.append(service)
    return found


def _header(
    service: Service, model: ServiceModel, endpoints: Mapping[str, Any], decisions: rules.Rules
) -> dict[str, Any]:
    name = service.name
    header: dict[str, Any] = {"prefix": decisions.prefixes.get(name) or model.signing_name}
    if is_worldwide(model, endpoints):
        header["global"] = True
    if model.endpoint_prefix != name:
        header["endpoint"] = model.endpoint_prefix
    if name in decisions.actions:
        calls = sorted({each.table["list"].split()[0].partition(".")[2] for each in service.kinds})
        header["actions"] = dict.fromkeys(calls, decisions.actions[name])
    return header


def files_of(found: list[Service], folder: Path) -> dict[Path, str]:
    """What is to stand in the folder: a file for each service that has kinds, and the index."""
    files = {folder / f"{each.name}.toml": text_of(each) for each in found if each.kinds}
    names = sorted((kind.kind, each.name) for each in found for kind in each.kinds)
    return files | {folder / derived.INDEX: "".join(f"{kind} {service}\n" for kind, service in names)}


def _write(files: Mapping[Path, str], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.toml"):
        if path not in files:
            path.unlink()
    for path, text in files.items():
        path.write_text(text, "utf-8")


def _stale(files: Mapping[Path, str], folder: Path) -> list[str]:
    lines = [f"{path.name} is not what would be derived" for path, text in files.items() if not _says(path, text)]
    return lines + [f"{path.name} would not be derived" for path in folder.glob("*.toml") if path not in files]


def _says(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def _whole(known: Catalog) -> Catalog:
    derived.index.cache_clear()
    return derived.extended(known, frozenset(derived.index().values()))


def main(argv: list[str]) -> int:
    if argv not in ([], ["--check"]):
        sys.stderr.write("usage: python -m collectors.aws.deriving [--check]\n")
        return 2
    known = catalog.load()
    found = derive_all(known)
    files = files_of(found, derived.FOLDER) | {DOCS / LEFT_OUT_PAGE: pages.left_out_page(found)}
    if argv:
        lines = _stale(files, derived.FOLDER)
    else:
        _write(files, derived.FOLDER)
        lines = []
    page = pages.kinds_page(_whole(known))
    if not argv:
        (DOCS / KINDS_PAGE).write_text(page, "utf-8")
    elif not _says(DOCS / KINDS_PAGE, page):
        lines.append(f"{KINDS_PAGE} is not what the catalog says")
    sys.stdout.writelines(f"{line}\n" for line in lines)
    _tell(known, found)
    return 1 if lines else 0


def _tell(known: Catalog, found: list[Service]) -> None:
    kinds = sum(len(each.kinds) for each in found)
    children = sum("parent" in kind.table for each in found for kind in each.kinds)
    with_kinds = {each.name for each in found if each.kinds} | {entry.call.service for entry in known.kinds.values()}
    sys.stdout.write(
        f"{len(known.kinds)} curated and {kinds} derived kinds ({children} asked per parent) "
        f"in {len(with_kinds)} services; "
        f"{sum(len(each.left_out) for each in found)} lists left out\n"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
