"""Titles and lines: by templates that can do no harm, else in words that fit every rule."""

import time
from typing import Any

import pytest

from syncd.outbox.sandbox import LONGEST, TemplateProblem, filled
from syncd.outbox.wording import About, item_of, problems_of, words
from syncd.settings import RuleSettings

BOX = {"kind": "fake_box", "name": "web-1\x1b[2J", "account": "1", "account_name": "prod", "region": "eu-1"}
VALUES: dict[str, Any] = {"rule": "r", "items": [{"n": 1}, {"n": 2}], "name": "x" * 1000}


def told(change: str = "begin", total: int = 1, **more: Any) -> About:
    event = {"seq": 1, "at": "", "type": "resource.updated", "scope": "", "name": "", "body": more.pop("body", {})}
    items = [item_of(event, BOX, change)]
    counts = {"began": total * (change == "begin"), "ceased": total * (change == "cease"), "firing": 3}
    return About("public", "error", "", "", "firing", {"team": "red"}, {}, items, total, **{**counts, **more})


@pytest.mark.parametrize(
    ("about", "title"),
    [
        (told(), "public: fake_box web-1 [2J (prod, eu-1) matches"),
        (told("cease", body={"reason": "mended"}), "public: fake_box web-1 [2J (prod, eu-1) no longer matches: mended"),
        (told(total=12), "public: 12 resources began to match, 3 match now"),
        (
            told(total=900, summary=900),
            "public: 900 resources began to match, 3 match now, too many to be told one by one",
        ),
        (
            told("happened", body={"changes": [{"path": "size", "old": None, "new": 3}]}),
            "public: resource.updated fake_box web-1 [2J (prod, eu-1): size: nothing → 3",
        ),
    ],
)  # fmt: skip
def test_without_a_template_the_title_says_what_happened_to_what(about: About, title: str) -> None:
    assert words(RuleSettings(name="public", search="all"), about).title == title


def test_templates_see_the_rule_its_items_and_the_first_resource() -> None:
    text = "{{ labels.team }}{% for item in items %} {{ item.resource.region }} {{ item.change }}{% endfor %}"
    rule = RuleSettings(name="public", search="all", title="{{ severity|upper }} {{ resource.region }}", text=text)
    said = words(rule, told())
    assert (said.title, said.text) == ("ERROR eu-1", "red eu-1 begin")


def test_a_template_that_fails_gives_way_to_the_usual_words_and_says_so() -> None:
    said = words(RuleSettings(name="public", search="all", title="{{ resource.nothing }}"), told())
    assert said.title.startswith("public: fake_box")
    assert "the template title of rule public cannot be used: UndefinedError" in said.text


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ items.append(1) }}",
        "{% set x = 1 %}{{ x }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        "{% include 'x' %}",
        "{{ range(10) }}",
        "{{ 'x' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%1000000000d' | format(1) }}",
        "{{ '{0:>1000000000}'.format(1) }}",
        "{{ name | center(1000000000) }}",
        "{{ '\\\\' " + "| tojson " * 60 + "}}",
        "{{ name " + "| join(name) " * 6 + "}}" + "{{ missing }}",
        "{% for a in name %}{% for b in name %}{% for c in name %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in items recursive %}{{ loop(items) }}{% endfor %}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ unclosed",
        "{% for a in name %}{% for b in name %}"
        + "{% if name | map('upper') | sort | join %}{% endif %}" * 9
        + "{% endfor %}{% endfor %}",
    ],
)
def test_what_could_do_harm_or_never_end_is_refused_soon(source: str) -> None:
    begun = time.process_time()
    with pytest.raises(TemplateProblem):
        filled(source, VALUES)
    assert time.process_time() - begun < 2


def test_loops_and_results_are_bounded() -> None:
    assert filled("{% for a in name %}{{ a }}{% endfor %}", VALUES) == "x" * 100
    assert len(filled("{{ name }}" * 50, VALUES)) == LONGEST


def test_a_rule_whose_templates_are_wrong_can_be_told_so_before_it_fires() -> None:
    rule = RuleSettings(name="r", search="all", title="{{ a", text="{% set a = 1 %}")
    assert [problem.partition(":")[0] for problem in problems_of(rule)] == ["title", "text"]
