"""From text to tree: what each construct of the language is read as."""

from datetime import UTC, datetime

import pytest

from syncd.search.parse import parse
from syncd.search.tree import (
    EACH,
    All,
    And,
    Call,
    Compare,
    Element,
    Filter,
    Id,
    Is,
    Not,
    Or,
    Part,
    Path,
    Query,
    Value,
    Walk,
    Words,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
A = Compare(Path(("a",)), "=", (Value("1", bare=True),))
B = Compare(Path(("b",)), "=", (Value("2", bare=True),))
C = Compare(Path(("c",)), "=", (Value("3", bare=True),))
OUT, IN = Walk((), None), Walk(None, ())


def read(text: str) -> Query:
    return parse(text, now=NOW)


def part(text: str) -> Part:
    (found,) = read(text).parts
    return found


def filtered(text: str) -> Filter:
    assert part(text) == Part(part(text).filter)
    return part(text).filter


def compared(text: str) -> Compare:
    found = filtered(text)
    assert isinstance(found, Compare)
    return found


def word(data: str | bool | None) -> Value:
    return Value(data, bare=True)


@pytest.mark.parametrize("text", ["", "  \n", "all", "search", "search all", "SEARCH All", "(all)"])
def test_everything(text: str) -> None:
    assert read(text) == Query((Part(All()),))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("is(instance)", Is(("instance",))),
        ('IS( aws_vpc , "volume" )', Is(("aws_vpc", "volume"))),
        ('is(["aws_vpc", volume])', Is(("aws_vpc", "volume"))),
        ("id(i-1, arn:aws:s3:::web)", Id(("i-1", "arn:aws:s3:::web"))),
        ('id("a b")', Id(("a b",))),
        ('"two words"', Words("two words")),
        ("'it\\'s'", Words("it's")),
        ('in_subnet(ip, "10.0.0.0/8")', Call("in_subnet", Path(("ip",)), (Value("10.0.0.0/8"),))),
        ("in_subnet(ip, 10.0.0.0/8)", Call("in_subnet", Path(("ip",)), (word("10.0.0.0/8"),))),
        ("has_key(tags, a, 'b c')", Call("has_key", Path(("tags",)), (word("a"), Value("b c")))),
        ("has_key(tags, [a, b])", Call("has_key", Path(("tags",)), (word("a"), word("b")))),
        ("a[*].{b = 2}", Element(Path(("a", EACH)), B)),
        ("a.{b = 2}", Element(Path(("a",)), B)),
        ("a[*].{b = 2, c = 3}", Element(Path(("a", EACH)), And((B, C)))),
        ("a[*].{b = 2 and c[*].{c = 3}}", Element(Path(("a", EACH)), And((B, Element(Path(("c", EACH)), C))))),
        ("not a = 1", Not(A)),
        ("not (a = 1)", Not(A)),
        ("not(has_key(tags, x))", Not(Call("has_key", Path(("tags",)), (word("x"),)))),
        ("not not a = 1", A),
        ("not not not a = 1", Not(A)),
    ],
)
def test_a_filter(text: str, tree: Filter) -> None:
    assert filtered(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a = 1 and b = 2", And((A, B))),
        ("a = 1 AND b = 2 and c = 3", And((A, B, C))),
        ("a = 1 or b = 2 Or c = 3", Or((A, B, C))),
        ("a = 1 or b = 2 and c = 3", Or((A, And((B, C))))),
        ("a = 1 and b = 2 or c = 3", Or((And((A, B)), C))),
        ("(a = 1 or b = 2) and c = 3", And((Or((A, B)), C))),
        ("a = 1 and (b = 2 and c = 3)", And((A, And((B, C))))),
        ("not a = 1 and b = 2", And((Not(A), B))),
        ("not (a = 1 or b = 2)", Not(Or((A, B)))),
    ],
)
def test_not_binds_tighter_than_and_and_and_than_or(text: str, tree: Filter) -> None:
    assert filtered(text) == tree


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("a = 1 and b = 2 or c = 3", "(a = 1 and b = 2) or c = 3"),
        ("a = 1 or\n b = 2  and c = 3", "a = 1 or (b = 2 and c = 3)"),
        ("not (a = 1 or b = 2 and c = 3)", "a = 1 or (b = 2 and c = 3)"),
        ("is(x) with(any, --> (a = 1) or b = 2 and (c = 3))", "(a = 1) or (b = 2 and (c = 3))"),
    ],
)
def test_and_mixed_with_or_is_warned_of(text: str, read_as: str) -> None:
    (warning,) = read(text).warnings
    assert warning.startswith(f"and binds tighter than or here: read as {read_as}; Resoto reads from left to right.")
    assert "\n" not in warning


@pytest.mark.parametrize(
    "text", ["a = 1 and b = 2", "a = 1 or b = 2", "(a = 1 and b = 2) or c = 3", "a = 1 and (b = 2 or c = 3)"]
)
def test_what_is_plain_is_not_warned_of(text: str) -> None:
    assert read(text).warnings == ()


def test_warnings_stay_short_and_few() -> None:
    one = f"(a = {'x' * 300} or b = 2 and c = 3)"
    warnings = read(" and ".join([one] * 10)).warnings
    assert len(warnings) == 5
    assert max(map(len, warnings)) < 350


@pytest.mark.parametrize(
    ("typed", "op"),
    [
        ("=", "="),
        ("==", "="),
        ("!=", "!="),
        ("<", "<"),
        ("<=", "<="),
        (">", ">"),
        (">=", ">="),
        ("=~", "=~"),
        ("~", "=~"),
        ("!~", "!~"),
    ],
)
def test_an_operator_needs_no_spaces(typed: str, op: str) -> None:
    for text in (f"a{typed}x", f"a {typed} x", f"a {typed}x", f"a{typed} x"):
        assert (compared(text).op, compared(text).values) == (op, (word("x"),))


@pytest.mark.parametrize("quantifier", ["any", "all", "none"])
def test_a_quantifier(quantifier: str) -> None:
    assert compared(f"a {quantifier} > 3").quantifier == quantifier
    assert compared(f"a[*] {quantifier.upper()} not in [3]").quantifier == quantifier


@pytest.mark.parametrize(
    ("text", "op", "values"),
    [
        ("a in [x, 'y z', 3]", "in", (word("x"), Value("y z"), word("3"))),
        ("a IN[x,y,]", "in", (word("x"), word("y"))),
        ("a in []", "in", ()),
        ("a in x", "in", (word("x"),)),
        ("a not  in 'x'", "not in", (Value("x"),)),
        ("a not in [null, true]", "not in", (word(None), word(True))),
        ("a in [[1, 2], {'k': v}]", "in", (Value("[1,2]"), Value('{"k":"v"}'))),
        ("a in [x, b:c]", "in", (word("x"), word("b:c"))),
    ],
)
def test_membership(text: str, op: str, values: tuple[Value, ...]) -> None:
    assert (compared(text).op, compared(text).values) == (op, values)


def test_not_in_can_be_asked_in_two_ways() -> None:
    assert filtered("not a in [x]") == Not(Compare(Path(("a",)), "in", (word("x"),)))


@pytest.mark.parametrize(
    "text",
    [
        "web",
        "in-use",
        "30d",
        "-7d",
        "+3h",
        "10GB",
        "1.5",
        "2026-01-02",
        "2026-01-02T03:04:05Z",
        "https://a.b/c?d=e&f",
        "s3:PutObject",
        "AWS::S3::Object",
        "*",
        "a@b.de",
        "10.0.0.0/8",
        "%x_y",
        "limit",
        "sort",
        "android",
        "nothing",
        "abc==",
        "^web.*$",
        "größe",
        "a-b-c-",
        "none",
        "in",
    ],
)
def test_a_word_needs_no_quotes(text: str) -> None:
    assert compared(f"a = {text}").values == (word(text),)
    assert compared(f"a={text}").values == (word(text),)
    assert compared(f"(a in [{text},{text}])").values == (word(text), word(text))


@pytest.mark.parametrize(("text", "data"), [("true", True), ("FALSE", False), ("Null", None)])
def test_true_false_and_null_are_no_texts_unless_quoted(text: str, data: bool | None) -> None:
    assert compared(f"a = {text}").values == (word(data),)
    assert compared(f"a = '{text}'").values == (Value(text),)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (r'"a\"b"', 'a"b'),
        (r"'a\'b'", "a'b"),
        (r'"\d+\.\w"', r"\d+\.\w"),
        (r'"a\\b"', r"a\b"),
        (r'"a\nb\tc\rd"', "a\nb\tc\rd"),
        ('"a\nb"', "a\nb"),
        ('"--> is(x) (["', "--> is(x) (["),
        ('""', ""),
    ],
)
def test_quoted_text_and_its_escapes(typed: str, text: str) -> None:
    assert compared(f"a = {typed}").values == (Value(text),)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("[]", "[]"),
        ("[1, b, 'c', null, 1.5, true]", '[1,"b","c",null,1.5,true]'),
        ("[007]", "[7]"),
        ("{}", "{}"),
        ('{"a": 1, "b": [x, {"c": "ü"}]}', '{"a":1,"b":["x",{"c":"ü"}]}'),
    ],
)
def test_a_list_or_object_to_compare_with_is_its_json(typed: str, text: str) -> None:
    assert compared(f"a = {typed}").values == (Value(text),)
    assert compared(f"a != {typed}").op == "!="


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a", ("a",)),
        ("a.b_c.d", ("a", "b_c", "d")),
        ("a[0].b", ("a", 0, "b")),
        ("a[*].b[]", ("a", EACH, "b", EACH)),
        ("a[ * ][ 12 ]", ("a", EACH, 12)),
        ("tags.`aws:x.y`", ("tags", "aws:x.y")),
        ("`a b`.c", ("a b", "c")),
        ("tags.cost-center", ("tags", "cost-center")),
        ("a.0b.1", ("a", "0b", "1")),
        ("größe", ("größe",)),
        ("limit", ("limit",)),
        ("sort", ("sort",)),
        ("all", ("all",)),
        ("not", ("not",)),
        ("search", ("search",)),
        ("reversed", ("reversed",)),
        ("aggregate", ("aggregate",)),
        ("is", ("is",)),
        ("id", ("id",)),
        ("any.none", ("any", "none")),
        ("notify", ("notify",)),
        ("and.or", ("and", "or")),
        ("/a.b", ("a", "b")),
        ("/reported.a.b", ("a", "b")),
        ("reported.a", ("a",)),
        ("reported", ("reported",)),
        ("/ancestors.account.reported.name", ("ancestors", "account", "name")),
        ("ancestors.account.reported.name", ("ancestors", "account", "name")),
        ("/ancestors.aws_vpc.tags.a", ("ancestors", "aws_vpc", "tags", "a")),
        ("/ancestors.account.reported", ("ancestors", "account", "reported")),
        ("metadata.x", ("metadata", "x")),
    ],
)
def test_a_path(text: str, steps: tuple[str | int | None, ...]) -> None:
    assert compared(f"{text} = 1").path == Path(steps)


@pytest.mark.parametrize(
    ("text", "walk"),
    [
        ("-->", OUT),
        ("<--", IN),
        ("<-->", Walk((), ())),
        ("-[2]->", Walk((), None, 2, 2)),
        ("-[0:]->", Walk((), None, 0, None)),
        ("-[1:3]->", Walk((), None, 1, 3)),
        ("-[1,3]->", Walk((), None, 1, 3)),
        ("-[1|3]->", Walk((), None, 1, 3)),
        ("-[ 1 .. 3 ]->", Walk((), None, 1, 3)),
        ("<-[1:3]-", Walk(None, (), 1, 3)),
        ("<-[0:]->", Walk((), (), 0, None)),
        ("-contains->", Walk(("contains",), None)),
        ("-contains,attached_to[1:2]->", Walk(("contains", "attached_to"), None, 1, 2)),
        ("-[1:2]contains->", Walk(("contains",), None, 1, 2)),
        ("<-contains[1:]-", Walk(None, ("contains",), 1, None)),
        ("<-[1:]contains-", Walk(None, ("contains",), 1, None)),
        ("<-a[1:2]b->", Walk(("b",), ("a",), 1, 2)),
        ("<-a->", Walk(("a",), ("a",))),
        ("<-a[3]->", Walk(("a",), ("a",), 3, 3)),
        ("-default->", OUT),
        ("-default,delete->", OUT),
        ("<-delete[1:1]default,delete->", Walk((), ("delete",))),
    ],
)
def test_a_walk(text: str, walk: Walk) -> None:
    for before in ("is(a) ", "is(a)", "is(a) sort x ", "is(a) limit 3"):
        assert read(f"{before}{text} is(b)").parts[1] == Part(Is(("b",)), walk)
        assert read(f"{before}{text}").parts[1] == Part(All(), walk)


@pytest.mark.parametrize(
    "text", ["a = web-->", "a = web -->", "a=web-default->", "a = web-[1]->", "a = 'web'-->", "a in [web]-->"]
)
def test_a_word_ends_before_a_walk(text: str) -> None:
    first, second = read(text).parts
    assert isinstance(first.filter, Compare)
    assert first.filter.values[0].data == "web"
    assert second == Part(All(), OUT)


def test_less_than_minus_is_a_comparison_behind_a_path_and_a_walk_behind_a_filter() -> None:
    assert filtered("last_used<-90d") == Compare(Path(("last_used",)), "<", (word("-90d"),))
    assert read("a = 1<--").parts == (Part(A), Part(All(), IN))
    assert read("all sort a<--").parts[1] == Part(All(), IN)
