"""The API describes itself, and what it says is what it does."""

import json
import re
from typing import Any

from tests.fakes.daemon import Line, Running

STREAM = "application/x-ndjson"


def operations(daemon: Running) -> dict[tuple[str, str], dict[str, Any]]:
    document: dict[str, Any] = daemon.get("/v1/openapi.json")[1]
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def asked(daemon: Running, method: str, path: str) -> tuple[int, str, str]:
    """Status, content type, text."""
    line = Line(daemon.socket)
    try:
        line.request(method, re.sub(r"\{\w+\}", "1", path), "{}" if method == "POST" else None)
        answer = line.getresponse()
        return answer.status, answer.getheader("Content-Type", "").partition(";")[0], answer.read().decode()
    finally:
        line.close()


def test_it_is_an_openapi_document(quiet: Running) -> None:
    document = quiet.get("/v1/openapi.json")[1]
    assert document["openapi"].startswith("3.1.")
    assert set(document["info"]) >= {"title", "version"}


def test_every_parameter_of_a_path_is_described(quiet: Running) -> None:
    for (_, path), operation in operations(quiet).items():
        named = {each["name"] for each in operation["parameters"] if each["in"] == "path" and each["required"]}
        assert named == set(re.findall(r"\{(\w+)\}", path)), path


def test_everything_of_the_first_version_is_there(quiet: Running) -> None:
    assert set(operations(quiet)) >= {
        ("GET", "/v1/version"), ("GET", "/v1/status"), ("POST", "/v1/sync"), ("GET", "/v1/requests/{request}/follow"),
        ("GET", "/v1/runs"), ("GET", "/v1/runs/{run}"), ("GET", "/v1/runs/{run}/log"),
        ("POST", "/v1/runs/{run}/cancel"), ("GET", "/v1/coverage"), ("POST", "/v1/accept"), ("GET", "/v1/events"),
        ("GET", "/v1/collectors"), ("GET", "/v1/accounts"), ("GET", "/v1/config"), ("POST", "/v1/config/check"),
        ("POST", "/v1/reload"), ("POST", "/v1/pause"), ("POST", "/v1/resume"), ("GET", "/v1/debug/tasks"),
        ("POST", "/v1/search"), ("GET", "/v1/search"), ("GET", "/v1/resources/{resource}"), ("GET", "/v1/kinds"),
        ("GET", "/v1/kinds/{kind}"), ("GET", "/v1/history"), ("GET", "/v1/diff"),
        ("GET", "/v1/debug/limits"), ("GET", "/metrics"), ("GET", "/healthz"), ("GET", "/readyz"),
    }  # fmt: skip


def test_every_answer_is_of_the_type_that_is_described(daemon: Running) -> None:
    daemon.sync()
    for (method, path), operation in operations(daemon).items():
        status, kind, text = asked(daemon, method, path)
        (good,) = operation["responses"]["2XX"]["content"]
        assert kind == (good if status < 300 else "application/json"), (path, status, text)
        if kind == STREAM:
            assert all(isinstance(json.loads(line), dict) for line in text.splitlines())
        elif kind == "application/json":
            assert isinstance(json.loads(text), dict)
        assert status != 500, (path, text)
