"""What people are told: the whole text, for each way to write a search that means nothing."""

from datetime import UTC, datetime

import pytest
from lark.exceptions import LarkError

from syncd.errors import QueryError
from syncd.search.parse import LONGEST, parse
from syncd.search.wording import _CALLED

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOLD = [
    (
        "foo",
        """\
the search ends too early
  foo
     ^
expected a comparison such as = or >
a kind is written is(foo), words in quotes: "foo"
""",
    ),
    (
        "is(a) b",
        """\
b is not understood here
  is(a) b
        ^
expected a walk such as --> or and/or
""",
    ),
    (
        "a = and b = 3",
        """\
and is not understood here
  a = and b = 3
      ^
expected a value
if this is meant as text, put it in quotes
""",
    ),
    (
        "a = 3 | count",
        """\
| is not understood here
  a = 3 | count
        ^
expected a walk such as --> or and/or
a search ends here: commands behind | are not part of it
""",
    ),
    (
        "a = 3 || b = 4",
        """\
| is not understood here
  a = 3 || b = 4
        ^
expected a walk such as --> or and/or
write and, or
""",
    ),
    (
        "with_usage(3d, cpu) is(a)",
        """\
with_usage(…) is not there in syncd
  with_usage(3d, cpu) is(a)
  ^
syncd does not read metrics of usage
""",
    ),
    (
        "is(a) with_usage(3d, cpu)",
        """\
with_usage(…) is not there in syncd
  is(a) with_usage(3d, cpu)
        ^
syncd does not read metrics of usage
""",
    ),
    (
        "has_desired_change(clean)",
        """\
has_desired_change(…) is not there in syncd
  has_desired_change(clean)
  ^
syncd does not keep wishes about resources
""",
    ),
    (
        "/metadata.x = 3",
        """\
the section /metadata is not there in syncd
  /metadata.x = 3
  ^
syncd keeps no metadata of its own beside a resource
""",
    ),
    (
        "/security.has_issues = true",
        """\
the section /security is not there in syncd
  /security.has_issues = true
  ^
syncd does not run benchmarks
""",
    ),
    (
        "/usage.cpu.max > 3",
        """\
the section /usage is not there in syncd
  /usage.cpu.max > 3
  ^
syncd does not read metrics of usage
""",
    ),
    (
        "/descendants.account.reported.name = x",
        """\
the section /descendants is not there in syncd
  /descendants.account.reported.name = x
  ^
use with(any, -[1:]-> is(…)) or a walk
""",
    ),
    (
        "/ancestors.account.metadata.x = 1",
        """\
the section /metadata is not there in syncd
  /ancestors.account.metadata.x = 1
  ^
syncd keeps no metadata of its own beside a resource
""",
    ),
    (
        "is(a) #foo",
        """\
# is not understood here
  is(a) #foo
        ^
expected a walk such as --> or and/or
tags of searches (#name) are not there in syncd; a resource's tags are tags.name
""",
    ),
    (
        "is(x",
        """\
the bracket ( is not closed
  is(x
    ^
expected )
""",
    ),
    (
        "a = [1, 2",
        """\
the bracket [ is not closed
  a = [1, 2
      ^
expected ]
""",
    ),
    (
        "a == 'd",
        """\
the quote ' is not closed
  a == 'd
       ^
""",
    ),
    (
        "a.`b = 1",
        """\
the quote ` is not closed
  a.`b = 1
    ^
""",
    ),
    (
        "is(x))",
        """\
the bracket ) closes nothing
  is(x))
       ^
""",
    ),
    (
        "is(x]",
        """\
the bracket ( is closed by ]
  is(x]
      ^
expected )
""",
    ),
    (
        "is()",
        """\
) is not understood here
  is()
     ^
expected a kind
""",
    ),
    (
        "is(a b)",
        """\
b is not understood here
  is(a b)
       ^
expected ) or a comma
""",
    ),
    (
        "sort",
        """\
the search ends too early
  sort
      ^
expected a property
""",
    ),
    (
        "sort name up",
        """\
up is not understood here
  sort name up
            ^
expected a comma, a walk such as --> or limit
""",
    ),
    (
        "limit x",
        """\
x is not understood here
  limit x
        ^
expected a number
""",
    ),
    (
        "limit 3 sort a",
        """\
sort is not understood here
  limit 3 sort a
          ^
expected a comma or a walk such as -->
the order is: filter, with(…), {…}, sort, limit, reversed
""",
    ),
    (
        "is(a) limit 99999999999",
        """\
99999999999 is too large
  is(a) limit 99999999999
              ^
""",
    ),
    (
        "is(a) {b: --> is(c)} x = 3",
        """\
a filter cannot follow a merge
  is(a) {b: --> is(c)} x = 3
                       ^
filter before the merge, or with(…)
""",
    ),
    (
        "is(a) {b: is(c)}",
        """\
is is not understood here
  is(a) {b: is(c)}
            ^
expected a walk such as -->
""",
    ),
    (
        "is(a) {a.b: -->}",
        """\
a.b is no name for what is merged
  is(a) {a.b: -->}
         ^
expected name or name[]
""",
    ),
    (
        "is(a) {b: -->, b: <--}",
        """\
two merges have the same name
  is(a) {b: -->, b: <--}
        ^
""",
    ),
    (
        "foo(3)",
        """\
there is no function foo
  foo(3)
  ^
there are is(…), id(…), in_subnet(…), has_key(…), and inside aggregate(…): sum, count, min, max, avg
""",
    ),
    (
        "is(a) -{x=1}->",
        """\
edges cannot be filtered by their properties
  is(a) -{x=1}->
         ^
walks are written -->, <--, <-->, -[1:3]->, <-[0:]-, -contains->
""",
    ),
    (
        "is(a) -[x]->",
        """\
[x] is no number of steps
  is(a) -[x]->
          ^
steps are written [2], [1:3] or [0:] for as far as it goes
""",
    ),
    (
        "is(a) -[3:1]->",
        """\
a walk from 3 to 1 steps finds nothing
  is(a) -[3:1]->
          ^
""",
    ),
    (
        "is(a) -a,[1]->",
        """\
an edge type is missing at a comma
  is(a) -a,[1]->
         ^
walks are written -->, <--, <-->, -[1:3]->, <-[0:]-, -contains->
""",
    ),
    (
        "is(a) -a[1]b->",
        """\
a walk in one direction has one list of types
  is(a) -a[1]b->
             ^
walks are written -->, <--, <-->, -[1:3]->, <-[0:]-, -contains->
""",
    ),
    (
        "is(a) -[1:2]-",
        """\
- is not understood here
  is(a) -[1:2]-
        ^
expected a walk such as --> or and/or
walks are written -->, <--, <-->, -[1:3]->, <-[0:]-, -contains->
""",
    ),
    (
        "is(a) <-[1:2]",
        """\
< is not understood here
  is(a) <-[1:2]
        ^
expected a walk such as --> or and/or
walks are written -->, <--, <-->, -[1:3]->, <-[0:]-, -contains->
""",
    ),
    (
        "aggregate(stddev(x)): all",
        """\
there is no function stddev
  aggregate(stddev(x)): all
            ^
there are is(…), id(…), in_subnet(…), has_key(…), and inside aggregate(…): sum, count, min, max, avg
""",
    ),
    (
        "aggregate(sum(x) all",
        """\
the bracket ( is not closed
  aggregate(sum(x) all
           ^
expected )
""",
    ),
    (
        "aggregate(sum(x)) all",
        """\
all is not understood here
  aggregate(sum(x)) all
                    ^
expected :
""",
    ),
    (
        "aggregate(sum(x), sum(x)): all",
        """\
two columns are called sum_of_x
  aggregate(sum(x), sum(x)): all
  ^
name one of them: … as other_name
""",
    ),
    (
        "aggregate('{kind'): all",
        """\
a text to group by holds paths in braces
  aggregate('{kind'): all
            ^
such as "{kind} in {region}"
""",
    ),
    (
        "aggregate(sum(x * y)): all",
        """\
y is not understood here
  aggregate(sum(x * y)): all
                    ^
expected a number
""",
    ),
    (
        "is(a) and with(any, -->)",
        """\
with(…) is no filter
  is(a) and with(any, -->)
            ^
the order is: filter, with(…), {…}, sort, limit, reversed
""",
    ),
    (
        "is(a) with(any)",
        """\
) is not understood here
  is(a) with(any)
                ^
expected a comma
""",
    ),
    (
        "is(a) with(some, -->)",
        """\
some is not understood here
  is(a) with(some, -->)
             ^
expected any, empty or count > 1
""",
    ),
    (
        "is(a) with(count =~ 3, -->)",
        """\
=~ cannot compare a count
  is(a) with(count =~ 3, -->)
                   ^
expected =, > or <=
""",
    ),
    (
        "a--b = 3",
        """\
--b is not understood here
  a--b = 3
   ^
expected a comparison such as = or >
words that hold -- or an arrow need quotes
""",
    ),
    (
        "a = b--c",
        """\
--c is not understood here
  a = b--c
       ^
expected a walk such as --> or and/or
words that hold -- or an arrow need quotes
""",
    ),
    (
        "a = b<c",
        """\
< is not understood here
  a = b<c
       ^
expected a walk such as --> or and/or
text that holds < or > needs quotes
""",
    ),
    (
        "not",
        """\
the search ends too early
  not
     ^
expected a property, is(…) or quoted text
""",
    ),
    (
        "a in [1 2]",
        """\
2 is not understood here
  a in [1 2]
          ^
expected ] or a comma
""",
    ),
    (
        "a > [1]",
        """\
> cannot compare with a list or an object
  a > [1]
      ^
""",
    ),
    (
        "a = “x”",
        """\
“ is not understood here
  a = “x”
      ^
expected a value
quotes are " or '
""",
    ),
    (
        "name contains x",
        """\
contains is not understood here
  name contains x
       ^
expected a comparison such as = or >
=~ compares with a pattern
""",
    ),
    (
        "a[x] = 3",
        """\
[ is not understood here
  a[x] = 3
   ^
expected a comparison such as = or >
an index is [0], [*] or []
""",
    ),
    (
        "a.`` = 3",
        """\
nothing stands between the back-ticks
  a.`` = 3
   ^
expected the name of a property
""",
    ),
    (
        "a[9999999999] = 1",
        """\
the index 9999999999 is too large
  a[9999999999] = 1
   ^
""",
    ),
    (
        "[0] = 1",
        """\
[ is not understood here
  [0] = 1
  ^
expected a property, is(…) or quoted text
an index is [0], [*] or []
""",
    ),
    (
        "/reported = 1",
        """\
this names no property
  /reported = 1
  ^
expected a property
""",
    ),
    (
        "a[*].{is(x)}",
        """\
the elements of an array are compared by their properties only
  a[*].{is(x)}
        ^
expected a comparison such as from_port = 22
""",
    ),
    (
        "a[*].{all}",
        """\
the elements of an array are compared by their properties only
  a[*].{all}
  ^
expected a comparison such as from_port = 22
""",
    ),
    (
        "a = {{x}}",
        """\
{ is not understood here
  a = {{x}}
       ^
expected quoted text or }
{{…}} is filled in the text of templates only
""",
    ),
    (
        "in_subnet(ip)",
        """\
) is not understood here
  in_subnet(ip)
              ^
expected a comma
""",
    ),
    (
        'in_subnet(ip, "a", "b")',
        """\
in_subnet takes one network, such as in_subnet(ip, "10.0.0.0/8")
  in_subnet(ip, "a", "b")
  ^
""",
    ),
    (
        "has_key(tags, true)",
        """\
a text is needed here: put it in quotes
  has_key(tags, true)
                ^
""",
    ),
    (
        "a = 3,",
        """\
, is not understood here
  a = 3,
       ^
expected a walk such as --> or and/or
""",
    ),
    (
        "= 3",
        """\
= is not understood here
  = 3
  ^
expected a property, is(…) or quoted text
""",
    ),
    (
        "is(a)\nand b = = 3\nand c = 4",
        """\
= is not understood here
  and b = = 3
          ^
expected a value
if this is meant as text, put it in quotes
""",
    ),
    (
        "and",
        """\
and is not understood here
  and
  ^
expected a property, is(…) or quoted text
""",
    ),
    (
        "a =",
        """\
the search ends too early
  a =
     ^
expected a value
""",
    ),
]


def refused(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text, now=NOW)
    return caught.value


@pytest.mark.parametrize(("text", "told"), TOLD, ids=[text for text, _ in TOLD])
def test_an_error_tells_the_place_what_is_expected_and_what_helps(text: str, told: str) -> None:
    assert f"{refused(text)}\n" == told


@pytest.mark.parametrize("text", [text for text, _ in TOLD])
def test_what_is_expected_is_short_sorted_and_in_words_of_people(text: str) -> None:
    error = refused(text)
    assert len(error.expected) <= 5
    assert not {*error.expected} & {*_CALLED}
    assert not isinstance(error, LarkError)
    assert error.__cause__ is None
    assert error.text == text
    assert 0 <= error.at <= len(text)


def test_expected_things_are_in_the_order_of_the_alphabet() -> None:
    assert refused("not").expected == ("a property", "is(…)", "quoted text")


def test_a_long_search_is_shown_around_the_place() -> None:
    error = refused("a = 3 " + "and b = 4 " * 40 + "and c" + " and d = 5" * 40)
    assert error.at == 412
    assert str(error).splitlines()[1:3] == [
        "  …= 4 and b = 4 and b = 4 and b = 4 and b = 4 and c and d = 5 and d = 5 and d = 5 and d = 5 and d = 5 …",
        " " * 53 + "^",
    ]


def test_of_several_lines_the_one_with_the_place_is_shown() -> None:
    assert str(refused("is(a)\nand b = = 3\nand c = 4")).splitlines()[1:3] == ["  and b = = 3", "          ^"]


def test_what_cannot_be_printed_is_shown_as_a_space() -> None:
    assert str(refused("\x1b[31m = 3")).splitlines()[1] == "   [31m = 3"
    assert "\x1b" not in str(refused("a = 3 \x1b[31m"))


def test_a_text_that_is_no_unicode_is_refused() -> None:
    error = refused("a = \ud800")
    assert (error.message, error.at) == ("this character cannot be read", 4)
    str(error).encode()


def test_a_text_that_is_too_long_is_refused_without_being_shown() -> None:
    error = refused("a" * (LONGEST + 1))
    assert str(error) == "a search has at most 20000 characters, this one has 20001"


def test_fifty_brackets_inside_each_other_are_enough() -> None:
    parse("(" * 50 + "a = 1" + ")" * 50, now=NOW)
    error = refused("(" * 51 + "a = 1" + ")" * 51)
    assert (error.message, error.at) == ("brackets are nested more than 50 deep", 50)


def test_brackets_in_quotes_are_text() -> None:
    parse("\"((\" and a = '[[' and `b]` = 1", now=NOW)


@pytest.mark.parametrize("text", ["not " * 4_000 + "a = 1", "a = 1 and " * 1_000 + "b = 2", "-->" * 3_000])
def test_a_long_row_is_no_depth(text: str) -> None:
    parse(text, now=NOW)


def test_a_message_without_a_text_stands_alone() -> None:
    assert str(QueryError("the regular expression cannot be read")) == "the regular expression cannot be read"
