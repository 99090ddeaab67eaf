"""From text to tree: searches of several parts, what stands behind a filter, and places in the text."""

import pytest

from syncd.search.parse import parse
from syncd.search.tree import (
    EACH,
    Aggregate,
    All,
    And,
    Compare,
    Function,
    Group,
    Id,
    Is,
    Merge,
    Not,
    Part,
    Path,
    Query,
    SortKey,
    Value,
    Walk,
    With,
    Words,
)
from tests.search.test_parse import IN, NOW, OUT, A, B, C, part, read, word


def test_a_search_of_several_parts() -> None:
    found = read("a = 1 sort x limit 5, 1 <-- b = 2 limit 1 reversed -[2]-> c = 3")
    assert found.parts == (
        Part(A, sort=(SortKey(Path(("x",))),), limit=(5, 1)),
        Part(B, IN, limit=(0, 1), turned=True),
        Part(C, Walk((), None, 2, 2)),
    )


def test_a_search_may_begin_with_a_walk_or_a_clause() -> None:
    assert read("--> a = 1").parts == (Part(All()), Part(A, OUT))
    assert part("limit 3") == Part(All(), limit=(0, 3))
    assert part("sort a") == Part(All(), sort=(SortKey(Path(("a",))),))


@pytest.mark.parametrize(
    ("text", "having"),
    [
        ("with(any, -->)", With(">", 0, OUT, All())),
        ("with (empty, <-- a = 1)", With("=", 0, IN, A)),
        ("WITH(count > 3, --> a = 1)", With(">", 3, OUT, A)),
        ("with(count==3, -->)", With("=", 3, OUT, All())),
        ("with(count != 0, -->)", With("!=", 0, OUT, All())),
        ("with(any, --> with(empty, <-- a = 1))", With(">", 0, OUT, All(), With("=", 0, IN, A))),
        ("with(any, --> b = 2 with(empty, <-- a = 1))", With(">", 0, OUT, B, With("=", 0, IN, A))),
    ],
)
def test_with(text: str, having: With) -> None:
    assert part(f"a = 1 {text}") == Part(A, having=having)


def test_merges() -> None:
    vpc = Merge("vpc", many=False, query=Query((Part(Is(("aws_vpc",)), IN),)))
    all_of_them = Merge(
        "all_of_them", many=True, query=Query((Part(A, OUT, sort=(SortKey(Path(("x",))),)), Part(All(), OUT)))
    )
    assert part("a = 1 {vpc: <-- is(aws_vpc)}") == Part(A, merges=(vpc,))
    text = "{all_of_them[]: --> a = 1 sort x -->, /vpc: <-- is(aws_vpc)}"
    assert part(f"a = 1 {text} limit 1") == Part(A, merges=(all_of_them, vpc), limit=(0, 1))
    having = With(">", 0, OUT, All())
    for both in (f"with(any, -->) {text}", f"{text} with(any, -->)"):
        assert part(f"a = 1 {both}") == Part(A, having=having, merges=(all_of_them, vpc))


def test_behind_sort_a_comma_begins_another_key_or_another_merge() -> None:
    (first, second) = part("all {a: --> sort x, y, b: -->}").merges
    assert first.query.parts[0].sort == (SortKey(Path(("x",))), SortKey(Path(("y",))))
    assert second.name == "b"


def test_sort() -> None:
    keys = (SortKey(Path(("a",))), SortKey(Path(("b", 0)), descending=True), SortKey(Path(("c",))))
    assert part("all SORT a, b[0] DESC, /reported.c asc").sort == keys


@pytest.mark.parametrize(
    ("text", "groups", "functions"),
    [
        ("kind", (Group((Path(("kind",)),), "kind"),), (Function("sum", 1, (), "count"),)),
        ("sum(1)", (), (Function("sum", 1, (), "sum_of_1"),)),
        (": sum(1)", (), (Function("sum", 1, (), "sum_of_1"),)),
        (
            "kind as k, /ancestors.account.reported.name: sum(volume_size) as size, count(a[*].b)",
            (
                Group((Path(("kind",)),), "k"),
                Group((Path(("ancestors", "account", "name")),), "ancestors.account.name"),
            ),
            (
                Function("sum", Path(("volume_size",)), (), "size"),
                Function("count", Path(("a", EACH, "b")), (), "count_of_a_b"),
            ),
        ),
        (
            '"in {region}, {a.b}!" as place, "{kind}": min(a)',
            (
                Group(("in ", Path(("region",)), ", ", Path(("a", "b")), "!"), "place"),
                Group((Path(("kind",)),), "{kind}"),
            ),
            (Function("min", Path(("a",)), (), "min_of_a"),),
        ),
        (
            "max(a*1024*2 - 1 + 0.5 / -3) as most, avg(a-1)",
            (),
            (
                Function("max", Path(("a",)), (("*", 1024), ("*", 2), ("-", 1), ("+", 0.5), ("/", -3)), "most"),
                Function("avg", Path(("a",)), (("-", 1),), "avg_of_a"),
            ),
        ),
    ],
)
def test_aggregate(text: str, groups: tuple[Group, ...], functions: tuple[Function, ...]) -> None:
    assert read(f"aggregate({text}): a = 1") == Query((Part(A),), Aggregate(groups, functions))
    assert read(f"search AGGREGATE ({text}) :") == Query((Part(All()),), Aggregate(groups, functions))


def test_every_place_is_an_offset_in_the_text() -> None:
    text = "search is(x) and not a.b in [ c, 'd'] <-- id(e) with(any, --> 'f')"
    first, second = read(text).parts
    assert isinstance(first.filter, And)
    kind, negated = first.filter.parts
    assert isinstance(kind, Is)
    assert isinstance(negated, Not)
    compare = negated.part
    assert isinstance(compare, Compare)
    assert isinstance(second.filter, Id)
    assert second.walk is not None
    assert second.having is not None
    assert isinstance(second.having.filter, Words)
    places = [kind.at, compare.at, compare.path.at, *(value.at for value in compare.values)]
    places += [second.walk.at, second.filter.at, second.having.walk.at, second.having.filter.at]
    assert places == [text.index(piece) for piece in ("is(", "a.b", "a.b", "c,", "'d'", "<--", "id(", "-->", "'f'")]


def test_invisible_characters_of_a_page_are_no_part_of_a_word() -> None:
    assert read("is(\u200b\u200ba)\u00a0and b\ufeff = 2") == Query((Part(And((Is(("a",)), B))),))


def test_placeholders_and_templates_are_put_in_before() -> None:
    found = parse("expand(old, days=30) and b < '@today@'", {"old": "age > {{days}}d and a < @NOW@"}, now=NOW)
    age = Compare(Path(("age",)), ">", (word("30d"),))
    then = Compare(Path(("a",)), "<", (word("2026-01-02T03:04:05Z"),))
    assert found.parts[0].filter == And((age, then, Compare(Path(("b",)), "<", (Value("2026-01-02"),))))
