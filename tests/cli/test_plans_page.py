"""What the page about plans shows can be typed, and what the page about AWS lists is what is called."""

import re
import shlex
import tomllib

import pytest

from collectors.aws import collector
from syncd.cli.syncctl import parser
from syncd.config_text import converted
from syncd.settings import PlansSettings
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "plans.md").read_text()
COMMANDS = re.findall(r"^\$ syncctl (.*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_is_understood(command: str) -> None:
    assert "handler" in parser().parse_args(shlex.split(command))


def test_the_configuration_of_the_page_has_every_key() -> None:
    text, *_ = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    table = tomllib.loads(text)["plans"]
    assert table.keys() == set(PlansSettings.__struct_fields__)
    assert converted(table, PlansSettings)[1] == []


def test_the_permissions_that_acts_need_are_listed() -> None:
    page = (ROOT / "docs" / "aws.md").read_text()
    section = page[page.index("### To change tags") : page.index("## Stand-ins")]
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (.*) \|$", section, re.MULTILINE)
    listed = {f"{service}:{action}" for service, actions in rows for action in re.findall(r"`(\w+)`", actions)}
    assert listed == collector.acting_permissions()
    kinds = {kind for kind in collector.catalog.kinds if "tag" not in collector.acts(kind)}
    assert set(re.findall(r"`(aws_\w+)`", section)) == kinds
