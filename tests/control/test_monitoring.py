"""Metrics, health and readiness: on the control socket, and on a loopback port that gives nothing else."""

import http.client
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Desk, desk_at
from tests.fakes.daemon import Running, running, until
from tests.fakes.prometheus import free_port, known, needs_prometheus, prometheus


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Running]:
    """One that has done a run."""
    desk = desk_at(tmp_path_factory.mktemp("monitored"))
    with running(desk, telemetry={"listen": f"127.0.0.1:{port}"}) as daemon:
        daemon.sync()
        until(lambda: listens(port))
        yield daemon


def over_tcp(port: int, path: str, method: str = "GET") -> tuple[int, str, str]:
    """Status, content type, text."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        line.request(method, path)
        answer = line.getresponse()
        return answer.status, answer.getheader("Content-Type", ""), answer.read().decode()
    finally:
        line.close()


def test_a_daemon_that_answers_is_healthy(quiet: Running) -> None:
    assert quiet.get("/healthz") == (200, {"healthy": True})


def test_it_is_ready_when_there_is_a_picture(daemon: Running) -> None:
    assert daemon.get("/readyz")[0] == 503
    daemon.sync()
    assert daemon.get("/readyz") == (200, {"ready": True, "coverage": {"complete": 2}})


def test_the_port_gives_the_same(monitored: Running, port: int) -> None:
    assert over_tcp(port, "/healthz")[::2] == (200, '{"healthy":true}\n')
    assert over_tcp(port, "/readyz")[0] == 200
    status, kind, text = over_tcp(port, "/metrics")
    assert (status, kind.partition(";")[0]) == (200, "text/plain")
    assert "syncd_run_under_way 0.0" in text


def test_the_port_gives_nothing_else(monitored: Running, port: int) -> None:
    document = monitored.get("/v1/openapi.json")[1]
    for path in [*document["paths"], "/v1/openapi.json", "/"]:
        if path not in ("/metrics", "/healthz", "/readyz"):
            assert over_tcp(port, path)[0] == 404, path
            assert over_tcp(port, path, "POST")[0] == 404, path


def test_the_port_takes_no_commands(monitored: Running, port: int) -> None:
    for path in ("/metrics", "/healthz", "/readyz"):
        assert over_tcp(port, path, "POST")[0] == 405


def test_the_port_answers_what_is_no_http_in_json(monitored: Running, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(b"hello\r\n\r\n")
        assert b'{"error":{"code":"bad_request"' in line.recv(65536)
    assert '"level": "error"' not in monitored.log


def test_an_open_connection_to_the_port_does_not_keep_the_daemon_from_ending(desk: Desk) -> None:
    port = free_port()
    with running(desk, telemetry={"listen": f"127.0.0.1:{port}"}) as daemon, ExitStack() as stack:
        until(lambda: listens(port))
        stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        assert daemon.stop() == 0


def test_without_a_setting_nothing_listens_on_tcp(quiet: Running) -> None:
    assert quiet.process
    assert psutil.Process(quiet.process.pid).net_connections("tcp") == []


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_has_nothing_to_say_about_the_metrics(monitored: Running) -> None:
    text = str(monitored.get("/metrics")[1])
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.timeout(60)
@needs_prometheus
def test_a_real_prometheus_scrapes_the_daemon(monitored: Running, port: int, tmp_path: Path) -> None:
    with prometheus(port, tmp_path) as asked:
        (runs,) = known(asked, 'syncd_runs_total{state="complete"}')
        assert runs["metric"]["trigger"] == "control"
        assert known(asked, "up")[0]["value"][1] == "1"


def test_runs_and_scopes_are_seen_in_the_metrics(monitored: Running) -> None:
    text = str(monitored.get("/metrics")[1])
    assert 'syncd_runs_total{state="complete",trigger="control"} 1.0' in text
    assert 'syncd_scopes{collector="fake",state="complete"} 2.0' in text
