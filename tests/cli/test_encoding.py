"""What text for programs promises: it parses to what it was, and is harmless on the way."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.cli.encoding import field_text, json_text, yaml_lines
from syncd.cli.output import show, show_document, show_objects

KEYS = st.text() | st.sampled_from(["a", "no", "Y", "null", "1", "", "a: b", "- a"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=10
)


@given(VALUES)
def test_yaml_is_read_as_what_was_written(value: Any) -> None:
    yaml = pytest.importorskip("yaml")
    text = "\n".join(yaml_lines(value))
    assert yaml.safe_load(text) == value
    assert text.replace("\n", "").isprintable()


@given(VALUES)
def test_json_is_read_as_what_was_written_and_has_nothing_for_a_terminal(value: Any) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert text.isprintable()
    assert json.loads(json_text(value, indent=2)) == value


def test_yaml_is_readable() -> None:
    value = {"a": 1, "no": None, "body": {"list": [{"x": "y", "z": []}, [1, 1e-5]], "empty": {}}, "": True}
    assert list(yaml_lines([value])) == [
        "- a: 1",
        '  "no": null',
        "  body:",
        "    list:",
        '      - x: "y"',
        "        z: []",
        "      - - 1",
        "        - 1.0e-05",
        "    empty: {}",
        '  "": true',
    ]


def test_yaml_has_numbers_that_json_lacks() -> None:
    assert list(yaml_lines([math.nan, math.inf, -math.inf])) == ["- .nan", "- .inf", "- -.inf"]


def test_letters_of_the_world_stay_readable() -> None:
    assert json_text({"a": "東京 ü"}) == '{"a": "東京 ü"}'
    assert list(yaml_lines("東京 ü")) == ['"東京 ü"']


def test_what_a_terminal_acts_on_is_escaped() -> None:
    assert json_text("\x7f\x9b\u202e") == '"\\u007f\\u009b\\u202e"'
    assert list(yaml_lines("\x1b\x7f\x9b\u202e")) == ['"\\u001b\\x7f\\x9b\\u202e"']


@pytest.mark.parametrize(
    ("value", "expected"), [(None, ""), (True, "true"), (1.5, "1.5"), ({"a": [1]}, '{"a":[1]}'), ("x", "x")]
)
def test_a_field_is_plain_text_or_json(value: object, expected: str) -> None:
    assert field_text(value) == expected


ROWS = [(1, "ü"), (None, [1])]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("ndjson", '{"a": 1, "b c": "ü"}\n{"a": null, "b c": [1]}\n'),
        ("yaml", '- a: 1\n  "b c": "ü"\n- a: null\n  "b c":\n    - 1\n'),
        ("csv", "a,b c\n1,ü\n,[1]\n"),
        ("tsv", "a\tb c\n1\tü\n\t[1]\n"),
    ],
)
def test_rows_come_in_every_format(capsys: pytest.CaptureFixture[str], output: str, expected: str) -> None:
    show(("a", "b c"), ROWS, output)
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(("output", "expected"), [("ndjson", ""), ("yaml", "[]\n"), ("json", "[]\n"), ("csv", "a\n")])
def test_no_rows_are_still_good_text(capsys: pytest.CaptureFixture[str], output: str, expected: str) -> None:
    show(("a",), [], output)
    assert capsys.readouterr().out == expected


def test_objects_keep_what_has_no_column_where_there_is_room(capsys: pytest.CaptureFixture[str]) -> None:
    show_objects(("a",), [{"b": 1, "a": True}], "ndjson")
    show_objects(("a",), [{"b": 1, "a": True}], "table")
    assert capsys.readouterr().out == '{"b": 1, "a": true}\nA\nyes\n'


def test_a_document_is_indented_json_one_line_or_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    for output in ("json", "ndjson", "yaml"):
        show_document({"a": [1]}, output)
    assert capsys.readouterr().out == '{\n  "a": [\n    1\n  ]\n}\n{"a": [1]}\na:\n  - 1\n'
