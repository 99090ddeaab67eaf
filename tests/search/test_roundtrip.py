"""What is printed of a tree is read as the same tree, and every place in it is where it stands in the text."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings

from syncd.search.parse import parse
from syncd.search.tree import Compare, Filter, Is, Query
from tests.search.printer import filtered, path, printed, value
from tests.search.trees import comparisons, filters, queries

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
slow = settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))


@slow
@given(queries)
def test_a_search_is_read_as_what_was_printed(query: Query) -> None:
    assert parse(printed(query), now=NOW) == query


@slow
@given(filters)
def test_a_filter_is_read_as_what_was_printed_and_mixes_nothing(tree: Filter) -> None:
    found = parse(filtered(tree), now=NOW)
    assert found.parts[0].filter == tree
    assert found.warnings == ()


@slow
@given(comparisons)
def test_a_comparison_knows_where_its_path_and_values_stand(tree: Compare) -> None:
    text = f"is(a) and {filtered(tree)}"
    found = parse(text, now=NOW).parts[0].filter
    assert isinstance(found.parts[0], Is)  # type: ignore[union-attr]
    compare = found.parts[1]  # type: ignore[union-attr]
    assert isinstance(compare, Compare)
    assert text.startswith(path(tree.path), compare.at)
    assert compare.path.at == compare.at
    assert all(text.startswith(value(each), each.at) for each in compare.values)
