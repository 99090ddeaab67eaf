"""What logs promise: one fact a line, for people or programs, and no secret in any of them."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from syncd import log
from syncd.plugin import Secret
from syncd.settings import Config, LogSettings
from tests.fakes.plugin import Login, Settings


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_elsewhere_than_on_a_terminal_a_log_line_is_json() -> None:
    stream = io.StringIO()
    log.configure(LogSettings(), stream=stream)
    structlog.get_logger().info("scope.synced", scope="a/b", nodes=3)
    (line,) = lines(stream)
    assert (line["event"], line["scope"], line["nodes"], line["level"]) == ("scope.synced", "a/b", 3, "info")


def test_on_a_terminal_a_log_line_is_for_people() -> None:
    stream = Terminal()
    log.configure(LogSettings(), stream=stream, colours=False)
    structlog.get_logger().info("scope.synced", nodes=3)
    assert "scope.synced" in stream.getvalue()
    assert "nodes=3" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_the_form_can_be_chosen() -> None:
    console, file = io.StringIO(), Terminal()
    log.configure(LogSettings(format="console"), stream=console)
    structlog.get_logger().info("scope.synced")
    log.configure(LogSettings(format="json"), stream=file)
    structlog.get_logger().info("scope.synced")
    assert not console.getvalue().startswith("{")
    assert file.getvalue().startswith("{")


def test_what_is_below_the_level_is_not_told() -> None:
    stream = io.StringIO()
    log.configure(LogSettings(level="warning"), stream=stream)
    structlog.get_logger().info("scope.synced")
    assert stream.getvalue() == ""


def test_warnings_of_libraries_pass_the_same_redaction() -> None:
    stream = io.StringIO()
    log.configure(LogSettings(), [Secret("hunter2hunter2")], stream)
    logging.getLogger("library").warning("refused: %s", "hunter2hunter2")
    logging.getLogger("library").info("chatter")
    (line,) = lines(stream)
    assert line["event"] == "refused: ***"


def test_a_secret_in_a_traceback_is_masked() -> None:
    stream = io.StringIO()
    log.configure(LogSettings(), [Secret("hunter2hunter2")], stream)
    try:
        raise ValueError("cannot log in with hunter2hunter2")
    except ValueError:
        structlog.get_logger().exception("login.failed")
    assert "cannot log in with ***" in lines(stream)[0]["exception"]
    assert "hunter2" not in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "GET /?X-Amz-Signature=CANARY&x=1",
        "Authorization: Bearer CANARY-canary",
        '{"password": "CANARY"}',
        "aws_secret_access_key = CANARY",
        "https://user:CANARY@host/",
        "https://hooks.slack.com/services/T0/B0/CANARY",
        "api_key=CANARY",
        "Basic CANARYCANARY==",
    ],
)
def test_what_looks_like_a_secret_is_masked_in_any_text(text: str) -> None:
    masked = log.Redaction().text(text)
    assert "CANARY" not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "text", ["scope.denied", "ec2:DescribeInstances", "arn:aws:kms:eu-west-1:1:key/abc", "a basic one"]
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert log.Redaction().text(text) == text


def test_values_of_any_shape_are_masked() -> None:
    event = {
        "token": "x",
        "n": 1,
        "b": True,
        "deep": [{"password": "x"}, ("hunter2hunter2", 2)],
        "odd": {1: Secret("s")},
    }
    masked = log.Redaction([Secret("hunter2hunter2"), Secret("n")])(None, "info", event)
    assert masked == {"token": "***", "n": 1, "b": True, "deep": [{"password": "***"}, ["***", 2]], "odd": {1: "***"}}


def test_every_secret_of_a_configuration_is_known() -> None:
    settings = Settings(
        token=Secret("one"),
        logins=(Login(user="a", password=Secret("two")),),
        regions={"x": Login(user="b", password=Secret("three"))},
    )
    found = log.secrets(Config(collectors={"fake": settings}))
    assert {secret.reveal() for secret in found} == {"one", "two", "three"}
