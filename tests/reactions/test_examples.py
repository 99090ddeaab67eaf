"""The examples of the pages on reactions can be used as they stand, and the pages name every setting."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from syncd.config_text import converted
from syncd.settings import TargetSettings
from tests.conftest import ROOT
from tests.reactions.contract.points import handlers

PAGES = {
    "reactions-chat.md": {"slack", "discord", "teams"},
    "reactions.md": {"webhook", "http", "exec", "email", "apprise", "tag", "untag"},
    "reactions-incidents.md": {"pagerduty", "opsgenie", "alertmanager", "jira"},
}
EXAMPLES = {**PAGES, "plans.md": {"tag"}}


def targets(page: str) -> dict[str, Any]:
    text = (ROOT / "docs" / page).read_text()
    found: dict[str, Any] = {}
    for example in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        found |= tomllib.loads(example).get("targets", {})
    return found


@pytest.mark.parametrize("page", EXAMPLES)
def test_each_example_is_a_target(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    examples = targets(page)
    assert {table["reaction"] for table in examples.values()} == EXAMPLES[page]
    for table in examples.values():
        for name in re.findall(r"'credential': '([^']+)'", str(table)):
            (tmp_path / name).write_text("whsec_" + "s3cr" * 10)
        own = {key: value for key, value in table.items() if key not in TargetSettings.__struct_fields__}
        settings, wrong = converted(own, handlers()[table["reaction"]].settings)
        assert (settings is not None, wrong) == (True, [])


@pytest.mark.parametrize(("page", "name"), [(page, name) for page, names in PAGES.items() for name in sorted(names)])
def test_every_setting_is_on_the_page_of_its_reaction(page: str, name: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    about = re.search(rf"(?im)^## {name}\b.*?(?=^## |\Z)", text, re.DOTALL)
    assert about
    settings = handlers()[name].settings
    rows = [key for row in re.findall(r"(?m)^\| (`.*?) \|", about[0]) for key in re.findall(r"`(\w+)`", row)]
    assert set(rows) == set(settings.__struct_fields__)
    assert all(re.search(rf"\b{key}\b", settings.__doc__ or "") for key in rows)
