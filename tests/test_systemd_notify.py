"""What systemd hears from the daemon, byte for byte, and which sockets the daemon takes from it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from syncd.systemd import Notifier, listening
from tests.conftest import MEASURING, ROOT

CHILD = """
import os, sys
from syncd.systemd import listening
for descriptor, given in enumerate(sys.argv[1:], 3):
    os.dup2(int(given), descriptor)
environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(sys.argv) - 1)}
for found in listening(environ):
    print(found.getsockname(), found.fileno(), found.get_inheritable(), flush=True)
    with found, found.accept()[0] as peer:
        peer.sendall(b"heard")
"""
"""Like systemd, puts the descriptors it is given at 3 and on, and names itself as their owner."""


def bound(address: str) -> socket.socket:
    """Stands in for systemd."""
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(address)
    receiver.settimeout(5)
    return receiver


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[socket.socket]:
    with bound(str(tmp_path / "notify")) as receiver:
        yield receiver


@pytest.fixture
def notifier(receiver: socket.socket) -> Notifier:
    return Notifier.of({"NOTIFY_SOCKET": receiver.getsockname()})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "control.sock"))
        yield server


def child(*descriptors: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, descriptors)],
        pass_fds=descriptors,
        cwd=ROOT,
        env=dict(os.environ) | MEASURING,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def refusal(*descriptors: int) -> str:
    """The last line of a child that takes none of these."""
    _, errors = child(*descriptors).communicate(timeout=30)
    return errors.splitlines()[-1]


def test_each_message_is_one_datagram_in_the_order_of_the_calls(notifier: Notifier, receiver: socket.socket) -> None:
    notifier.ready("3 accounts")
    notifier.status("12 scopes are read")
    notifier.watchdog()
    notifier.reloading(123456789)
    notifier.stopping("told to")
    assert [receiver.recv(4096) for _ in range(5)] == [
        b"READY=1\nSTATUS=3 accounts",
        b"STATUS=12 scopes are read",
        b"WATCHDOG=1",
        b"RELOADING=1\nMONOTONIC_USEC=123456789",
        b"STOPPING=1\nSTATUS=told to",
    ]


def test_a_leading_at_sign_is_an_abstract_address() -> None:
    name = f"syncd-test-{uuid4()}"
    with bound(f"\0{name}") as receiver:
        Notifier.of({"NOTIFY_SOCKET": f"@{name}"}).watchdog()
        assert receiver.recv(4096) == b"WATCHDOG=1"


def test_a_text_cannot_add_an_assignment(notifier: Notifier, receiver: socket.socket) -> None:
    notifier.status("a\nMAINPID=1\rb\0c")
    assert receiver.recv(4096) == b"STATUS=a MAINPID=1 b c"


def test_a_text_of_any_length_fits_what_systemd_reads(notifier: Notifier, receiver: socket.socket) -> None:
    notifier.ready("\N{CLOUD}\N{VARIATION SELECTOR-16}😀" * 10_000)
    message = receiver.recv(1_000_000)
    assert message.startswith(b"READY=1\nSTATUS=")
    assert len(message) < 4096
    message.decode()


def test_a_text_that_is_not_utf_8_is_told_all_the_same(notifier: Notifier, receiver: socket.socket) -> None:
    notifier.ready("file \udcff")
    assert receiver.recv(4096) == b"READY=1\nSTATUS=file ?"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}], ids=repr)
def test_without_a_socket_nobody_is_told(environ: dict[str, str]) -> None:
    notifier = Notifier.of(environ)
    notifier.ready("")
    notifier.reloading(1)
    notifier.status("")
    notifier.watchdog()
    notifier.stopping("")


def test_a_socket_that_is_gone_does_no_harm(notifier: Notifier, receiver: socket.socket) -> None:
    receiver.close()
    notifier.status("closed")
    Path(notifier.address).unlink()
    notifier.status("removed")


@pytest.mark.parametrize("address", ["/" + 200 * "x", "@" + 200 * "x", "/dev/null"], ids=lambda address: address[:9])
def test_an_address_that_is_none_does_no_harm(address: str) -> None:
    Notifier(address).watchdog()


def test_a_socket_that_is_made_anew_is_told_again(notifier: Notifier, receiver: socket.socket) -> None:
    notifier.status("before")
    receiver.close()
    Path(notifier.address).unlink()
    with bound(notifier.address) as anew:
        notifier.status("after")
        assert anew.recv(4096) == b"STATUS=after"


@pytest.mark.timeout(20)
def test_a_systemd_that_does_not_read_holds_nothing_up(notifier: Notifier, receiver: socket.socket) -> None:
    for _ in range(5000):
        notifier.watchdog()
    assert receiver.recv(4096) == b"WATCHDOG=1"


def test_the_watchdog_is_fed_twice_in_its_time() -> None:
    assert Notifier.of({"WATCHDOG_USEC": "30000000"}).watchdog_seconds == 15.0
    assert Notifier.of({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}).watchdog_seconds == 1.5


@pytest.mark.parametrize("usec", ["", "0", "-1", "soon"])
def test_without_a_time_there_is_no_watchdog(usec: str) -> None:
    assert Notifier.of({"WATCHDOG_USEC": usec}).watchdog_seconds is None


def test_the_watchdog_of_another_process_is_not_ours() -> None:
    assert Notifier.of({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}).watchdog_seconds is None


def test_a_listening_socket_is_taken_over_and_not_passed_on(server: socket.socket) -> None:
    server.listen()
    with child(server.fileno()) as process, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(30)
        client.connect(server.getsockname())
        assert client.recv(10) == b"heard"
        assert process.communicate(timeout=30) == (f"{server.getsockname()} 3 False\n", "")


@pytest.mark.parametrize("pid", [{}, {"LISTEN_PID": "1"}, {"LISTEN_PID": "x"}], ids=repr)
def test_sockets_of_another_process_are_left_alone(pid: dict[str, str]) -> None:
    assert listening({"LISTEN_FDS": "1"} | pid) == []


def test_none_handed_over_is_none() -> None:
    assert listening({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "0"}) == []


def test_a_socket_that_does_not_listen_is_named(server: socket.socket) -> None:
    told = refusal(server.fileno())
    assert told.startswith("ValueError: file descriptor 3 of the socket unit is not a listening unix stream socket: ")


def test_a_wrong_one_after_a_right_one_is_named(server: socket.socket, receiver: socket.socket) -> None:
    server.listen()
    assert refusal(server.fileno(), receiver.fileno()).startswith("ValueError: file descriptor 4 ")


def test_a_socket_of_the_internet_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert "file descriptor 3 of the socket unit is not" in refusal(server.fileno())


def test_a_file_is_refused() -> None:
    with Path(__file__).open() as file:
        assert "file descriptor 3 of the socket unit is not" in refusal(file.fileno())
