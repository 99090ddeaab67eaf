"""What systemd hears of the daemon as its state changes, and the socket that it hands over."""

import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import Desk
from tests.fakes.daemon import Running, ended, until

HANDED = """
import os, sys
from syncd.cli.syncd import main
os.dup2(int(sys.argv.pop(1)), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
sys.exit(main())
"""
"""Like systemd, puts the socket at descriptor 3."""


class Service:
    """Stands in for systemd: reads the messages of a daemon that is to be started."""

    def __init__(self, desk: Desk) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(desk.place / "notify"))
        self.socket.settimeout(10)
        self.daemon = Running(desk, environment={"NOTIFY_SOCKET": str(desk.place / "notify")})
        self.daemon.configure()

    def heard(self) -> list[str]:
        return self.socket.recv(4096).decode().split("\n")


@pytest.fixture
def service(desk: Desk) -> Iterator[Service]:
    service = Service(desk)
    with service.socket, ended(service.daemon):
        yield service


def test_it_is_ready_first_and_then_tells_how_it_is(service: Service) -> None:
    service.daemon.start()
    assert service.heard() == ["READY=1", "STATUS=ready"]
    assert service.heard() == ["STATUS=idle; nothing is scheduled"]
    assert service.daemon.get("/healthz")[0] == 200


def test_a_reload_begins_with_its_time_and_ends_with_ready_taken_or_not(service: Service) -> None:
    service.daemon.start()
    service.heard()
    service.heard()
    for delay, ready in (("0.0", "STATUS=reloaded"), ('"x"', "STATUS=the new configuration was refused")):
        service.daemon.configure(delay=delay)
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        service.daemon.tell(signal.SIGHUP)
        first, when = service.heard()
        assert first == "RELOADING=1"
        assert before <= int(when.removeprefix("MONOTONIC_USEC=")) <= before + 10_000_000
        assert service.heard() == ["READY=1", ready]


def test_it_says_that_it_stops(service: Service) -> None:
    service.daemon.start()
    service.daemon.stop()
    service.socket.settimeout(0.1)
    heard = [service.heard() for _ in range(3)]
    assert heard[-1] == ["STOPPING=1", "STATUS=stopping"]


def test_the_watchdog_is_fed_twice_in_its_time(service: Service) -> None:
    service.daemon.environment["WATCHDOG_USEC"] = "1000000"
    service.daemon.start()
    begun, fed = time.monotonic(), 0
    while fed < 4:
        fed += service.heard() == ["WATCHDOG=1"]
    assert time.monotonic() - begun < 5


def test_without_a_watchdog_it_feeds_none(service: Service) -> None:
    service.daemon.start()
    service.daemon.sync()
    service.daemon.stop()
    service.socket.settimeout(0.1)
    with suppress(TimeoutError):
        while True:
            assert service.heard() != ["WATCHDOG=1"]


def test_a_socket_that_systemd_gave_is_used_and_left_in_its_place(desk: Desk) -> None:
    given = Path(desk.place / "control.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(given))
        listener.listen()
        descriptor = listener.fileno()
        own = {"control": {"socket": str(desk.place / "own.sock")}}
        command = [sys.executable, "-c", HANDED, str(descriptor), "run"]
        daemon = Running(desk, own, command=command, handed=(descriptor,))
        daemon.configure()
        with ended(daemon):
            daemon.start()
            assert not (desk.place / "own.sock").exists()
            assert daemon.stop() == 0
            assert given.is_socket()
            daemon.start()  # whoever asks meanwhile is kept waiting by systemd's socket
            until(daemon.answers)
