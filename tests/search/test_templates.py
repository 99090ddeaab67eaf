"""Templates are text put into text, before anything is understood of it."""

import pytest

from syncd.errors import QueryError
from syncd.search.templates import expand

TEMPLATES = {
    "running": "instance_status = running",
    "old": "age > {{days}}d",
    "both": "expand(running) and expand(old, days={{days}})",
    "named": "name = {{ name }} or tags.name = {{name}}",
    "twice": "expand(same) and expand(same)",
    "same": "a = 1",
    "loop": "expand(loop)",
    "ring": "(expand(gnir))",
    "gnir": "(expand(ring))",
    "grow": "expand(grow) expand(grow)",
}


def put_in(text: str) -> str:
    return expand(text, TEMPLATES, 20_000)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("is(x)", "is(x)"),
        ("expand(running)", "instance_status = running"),
        ("is(x) and Expand ( running ) limit 3", "is(x) and instance_status = running limit 3"),
        ('expand("running")', "instance_status = running"),
        ("expand(old, days=30)", "age > 30d"),
        ("expand( old , days = 30 )", "age > 30d"),
        ("expand(both, days=7)", "instance_status = running and age > 7d"),
        ('expand(named, name="a, b) c")', 'name = "a, b) c" or tags.name = "a, b) c"'),
        ("expand(named, name='it')", "name = 'it' or tags.name = 'it'"),
        ("expand(twice) or expand(same)", "a = 1 and a = 1 or a = 1"),
        ("name = 'expand(running)'", "name = 'expand(running)'"),
        ("tags.expand = 1 and expand = 2", "tags.expand = 1 and expand = 2"),
    ],
)
def test_a_template_is_put_in(text: str, expanded: str) -> None:
    assert put_in(text) == expanded
    assert put_in(expanded) == expanded


@pytest.mark.parametrize(
    ("text", "message", "at", "hint"),
    [
        ("is(x) and expand(runing)", "there is no template runing", 17, "did you mean running?"),
        ("expand(old)", "the template old needs the argument days", 0, "add days=…"),
        ("expand(old, day=3)", "the template old needs the argument days", 0, "add days=…"),
        ("expand(old, days=3, x=4)", "the template old has no argument x", 0, "its arguments: days"),
        ("expand(running, x=4)", "the template running has no argument x", 0, "it has no arguments"),
        ("expand(old, days=3, days=4)", "the argument days is given twice", 20, ""),
        ("expand()", "expand(…) names no template", 7, ""),
        ("expand(old days=3)", "expand(…) is not understood here", 11, ""),
        ("expand(old, 3)", "expand(…) is not understood here", 10, ""),
        ("expand(old", "the bracket ( is not closed", 6, ""),
        ("expand(loop)", "templates use each other more than 10 deep", 0, ""),
        ("expand(ring)", "templates use each other more than 10 deep", 0, ""),
    ],
)
def test_a_template_that_cannot_be_put_in(text: str, message: str, at: int, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        put_in(text)
    assert (caught.value.message, caught.value.at, caught.value.hint) == (message, at, hint)


def test_templates_may_use_each_other_ten_deep() -> None:
    deep = {f"t{number}": f"expand(t{number + 1})" for number in range(9)} | {"t9": "a = 1"}
    assert expand("expand(t0)", deep, 100) == "a = 1"
    with pytest.raises(QueryError):
        expand("expand(t0)", deep | {"t9": "expand(t10)", "t10": "a = 1"}, 100)


def test_templates_cannot_grow_without_an_end() -> None:
    with pytest.raises(QueryError, match="more than 100 characters"):
        expand("expand(grow)", TEMPLATES, 100)


def test_without_templates_the_hint_says_so() -> None:
    with pytest.raises(QueryError) as caught:
        expand("expand(x)", {}, 100)
    assert caught.value.hint == "there are no templates"


def test_a_name_like_no_other_is_told_what_there_is() -> None:
    with pytest.raises(QueryError) as caught:
        expand("expand(zzz)", {"b": "", "a": ""}, 100)
    assert caught.value.hint == "there are a, b"
