"""What the page about permissions shows can be typed, and gives what it shows."""

import re
import shlex

import pytest

from syncd.cli.syncctl import main, parser
from tests.cli.conftest import Ask
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "aws-permissions.md").read_text()
SHOWN = re.findall(r"^\$ syncctl (aws policy .*)\n((?:[{} ].*\n)+)```", PAGE, re.MULTILINE)
COMMANDS = re.findall(r"^(?:\$ )?syncctl (.*?)(?: > .*)?$", PAGE, re.MULTILINE)
SPOKEN = re.findall(r"`(--[a-z-]+)[` ]", PAGE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_is_understood(command: str) -> None:
    assert "handler" in parser().parse_args(shlex.split(command))


@pytest.mark.parametrize(("command", "printed"), SHOWN)
def test_a_command_of_the_page_prints_what_it_shows(ask: Ask, command: str, printed: str) -> None:
    answer = ask(main, *shlex.split(command))
    assert (answer.code, answer.out, answer.err) == (0, printed, "")


def test_the_page_shows_what_it_is_about() -> None:
    assert len(SHOWN) == 1
    assert {command.split()[1] for command in COMMANDS} == {"policy", "doctor"}


def test_every_option_that_the_page_names_is_there(ask: Ask) -> None:
    told = ask(main, "help", "aws", "policy").out + ask(main, "help", "aws", "doctor").out
    assert [option for option in SPOKEN if option not in told] == []
    assert len(SPOKEN) > 4
