"""What can be wished for: keys that a provider takes, and values that are read of each resource."""

from typing import Any

import pytest

from syncd.acts.wishes import Wish
from syncd.errors import ConfigError
from syncd.tagging import LONGEST_VALUE, filled


def tag(**tags: str) -> Wish:
    return Wish("all", "tag", tags)


def test_the_paths_of_all_values_are_read_once_each() -> None:
    wish = Wish(
        "all", "call", service="s", operation="O", parameters={"A": "{name}", "B": [{"C": "{id}-{name}"}], "D": 1}
    )
    assert wish.fields() == ["name", "id"]
    act = wish.act({"name": "n", "id": "i"})
    assert act.parameters == {"A": "n", "B": [{"C": "i-n"}], "D": 1}


@pytest.mark.parametrize(
    ("text", "values", "wanted"),
    [
        ("plain", {}, "plain"),
        ("{a.b} of {c}", {"a.b": "x", "c": 3}, "x of 3"),
        ("{{{a}}}", {"a": "x"}, "{x}"),
        ("{ a }", {"a": True}, "true"),
    ],
)
def test_a_value_is_filled_from_the_resource(text: str, values: dict[str, Any], wanted: str) -> None:
    assert filled(text, values) == wanted


@pytest.mark.parametrize(("value", "told"), [(None, "has no a"), ("", "has no a"), (["x"], "no single value")])
def test_a_resource_without_a_single_value_there_cannot_have_it(value: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        filled("{a}", {"a": value})


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (tag(), "at least one key"),
        (Wish("all", "untag"), "at least one key"),
        (tag(**{"aws:x": "y"}), "belong to the provider"),
        (tag(**{"": "y"}), "1 to 128"),
        (Wish("all", "untag", keys=("k" * 129,)), "1 to 128"),
        (tag(a="{"), "no template"),
        (tag(a="{}"), "no template"),
        (tag(a="x}"), "no template"),
        (Wish("all", "call", service="ec2"), "a service and an operation"),
        (Wish("all", "tag", {"a": "b"}, keys=("c",)), "one plan does one of them"),
        (Wish("all", "untag", {"aws:a": "b"}, keys=("c",)), "one plan does one of them"),
        (Wish("all", "call", keys=("c",), service="ec2", operation="X"), "one plan does one of them"),
        (Wish("all", "call", service="ec2", operation="X", parameters={"A": 2**70}), "cannot be kept"),
        (tag(a="\ud800"), "cannot be kept"),
    ],
)
def test_what_can_never_be_done_is_said_before_anything_is_searched(wish: Wish, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        wish.check()


def test_a_value_that_is_too_long_is_told_with_its_key() -> None:
    with pytest.raises(ConfigError, match=f"the value of a has more than {LONGEST_VALUE}"):
        tag(a="{name}").act({"name": "x" * 300})
