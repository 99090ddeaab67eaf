"""Derived kinds: read where they are meant, below what people have written, and asked only where they are offered."""

import subprocess
import sys
import zlib
from collections.abc import Iterator

import pytest
from botocore.validate import ParamValidator
from msgspec.structs import replace

from collectors.aws import catalog, collector, derived
from collectors.aws.check import Botocore, Checker
from collectors.aws.collector import AwsCollector
from collectors.aws.deriving import pages
from collectors.aws.deriving.__main__ import DOCS, KINDS_PAGE, main
from collectors.aws.entries import Catalog, KindEntry, Service
from collectors.aws.offers import Offers
from collectors.aws.selection import wanted_kinds
from collectors.aws.settings import AwsSettings
from collectors.aws.tables import Problems
from syncd.plugin import all_kinds, kinds_of

CURATED = "aws_ec2_volume"


@pytest.fixture(scope="module")
def whole() -> Catalog:
    return derived.extended(catalog.load(), frozenset(derived.index().values()))


def kinds(**settings: object) -> set[str]:
    return {kind.name for kind in kinds_of(collector, AwsSettings(**settings))}  # type: ignore[arg-type]


def test_where_only_curated_kinds_are_named_nothing_derived_is_read() -> None:
    ask = (
        "import sys; from collectors.aws import collector; from collectors.aws.settings import AwsSettings;"
        f"[*collector.kinds()]; [*collector.chosen(AwsSettings(kinds=('{CURATED}', 'aws_s3_bucket')))];"
        "from collectors.aws.derived import index; sys.exit(index.cache_info().misses)"
    )
    assert subprocess.run([sys.executable, "-c", ask], check=False).returncode == 0


def test_curated_is_the_default_and_has_no_derived_kind() -> None:
    assert kinds() == {kind.name for kind in collector.kinds()}


def test_all_is_every_kind() -> None:
    assert kinds(kinds="all") == {kind.name for kind in all_kinds(collector)}


def test_globs_go_over_curated_and_derived_kinds_and_exclude_takes_away() -> None:
    catalog = collector._whole(settings := AwsSettings(kinds=("aws_guardduty_*", CURATED), exclude=("*_ip_set",)))
    found = {entry.kind for entry in wanted_kinds(catalog, settings.kinds, settings.excluded)}
    assert {CURATED, "aws_guardduty_detector", "aws_guardduty_filter"} <= found
    assert "aws_guardduty_ip_set" not in found
    assert {kind.split("_")[1] for kind in found} == {"guardduty", "ec2"}


def test_only_the_files_of_services_that_are_meant_are_read() -> None:
    assert derived.services_of(("aws_guardduty_*",), {CURATED}) == {"guardduty"}


def test_a_folder_of_another_catalog_is_all_there_is(tmp_path: object) -> None:
    assert list(AwsCollector(catalog.FOLDER).chosen(AwsSettings(kinds="all"))) == []


def test_what_people_have_written_stands_above_what_is_derived(whole: Catalog) -> None:
    written = catalog.load().kinds
    assert {kind: whole.kinds[kind] for kind in written} == written


def test_each_derived_kind_has_its_providers_arn_or_a_urn_of_its_own(whole: Catalog) -> None:
    built = {entry.kind: entry.urn for entry in whole.kinds.values() if entry.derived and entry.urn.startswith("urn:")}
    assert {
        kind: urn for kind, urn in built.items() if not urn.startswith(f"urn:aws:{{account}}:{{region}}:{kind}:")
    } == {}


def test_there_are_so_many_kinds_of_so_many_services(whole: Catalog) -> None:
    assert len(whole.kinds) >= 1200
    assert len({entry.call.service for entry in whole.kinds.values()}) >= 290


def test_permissions_of_a_derived_kind_are_its_own_and_its_parents() -> None:
    assert {"guardduty:ListFilters", "guardduty:ListDetectors"} <= collector.permissions(["aws_guardduty_filter"])


def test_edges_and_documents_of_a_derived_kind_are_told_when_it_is_named() -> None:
    edges = set(collector.relations_of("aws_guardduty_filter"))
    assert ("aws_guardduty_detector", "contains", "aws_guardduty_filter") in edges
    assert "name" in {place.path for place in collector.schema("aws_athena_capacity_reservation")}
    assert list(collector.relations_of(CURATED)) == []


@pytest.mark.parametrize(
    ("name", "endpoint", "region", "has"),
    [
        ("devicefarm", "", "us-west-2", True),
        ("devicefarm", "", "eu-west-1", False),
        ("ec2", "", "eu-west-1", True),
        ("cognito-idp", "", "cn-north-1", False),
        ("a service that the list does not know", "", "eu-west-1", True),
        ("devicefarm", "", "xx-newer-1", True),
        ("any", "devicefarm", "eu-west-1", False),
    ],
)
def test_a_region_is_asked_for_what_it_offers(name: str, endpoint: str, region: str, has: bool) -> None:
    assert Offers().has(Service(name, endpoint=endpoint), region) == has


def test_the_page_of_kinds_is_what_the_catalog_says(whole: Catalog) -> None:
    """When this fails: make catalog."""
    assert (DOCS / KINDS_PAGE).read_text() == pages.kinds_page(whole)


def parents(entry: KindEntry, whole: Catalog) -> Iterator[str]:
    while entry.parent is not None:
        yield entry.parent.kind
        entry = whole.kinds[entry.parent.kind]


def mistakes(whole: Catalog, services: frozenset[str]) -> list[str]:
    """What a check of the catalog finds, and arguments that botocore's own validator would not send."""
    kinds = {entry.kind: entry for entry in whole.kinds.values() if entry.derived and entry.call.service in services}
    above = {
        kind: replace(whole.kinds[kind], relations=()) for entry in kinds.values() for kind in parents(entry, whole)
    }
    chosen = above | kinds
    problems, operations = Problems(), Botocore()
    Checker(Catalog(whole.services, chosen, whole.rules), problems, operations).run()
    return [*problems.lines, *(line for entry in kinds.values() for line in _invalid(entry, operations))]


def _invalid(entry: KindEntry, operations: Botocore) -> list[str]:
    model = operations.model(entry.call)
    given = dict.fromkeys(entry.parent.args, "x" * 256) if entry.parent is not None else {}
    fixed = {name: "123456789012" if value == "{account}" else value for name, value in entry.args.items()}
    if model.input_shape is None:
        return []
    report = ParamValidator().validate({**fixed, **given}, model.input_shape)
    return [f"{entry.kind}: {report.generate_report()}"] if report.has_errors() else []


def test_operations_exist_and_take_the_arguments_of_a_sample(whole: Catalog) -> None:
    services = frozenset(name for name in derived.index().values() if zlib.crc32(name.encode()) % 16 == 1)
    assert len(services) > 5
    assert mistakes(whole, services) == []


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_operations_exist_and_take_the_arguments_of_all(whole: Catalog) -> None:
    assert mistakes(whole, frozenset(derived.index().values())) == []


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_the_committed_files_are_what_the_tool_derives() -> None:
    """When this fails: make catalog."""
    assert main(["--check"]) == 0
