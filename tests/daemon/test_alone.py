"""One daemon a store and one a socket: a second one says why it will not begin, and hurts nothing."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Answer, Desk, desk_at
from tests.fakes.daemon import Running, ended


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Running]:
    """Not yet started, with a place of its own."""
    (tmp_path / "second").mkdir()
    second = Running(desk_at(tmp_path / "second"))
    second.configure()
    with ended(second):
        yield second


def refused(daemon: Running) -> Answer:
    return daemon.desk.run("syncd", "run")


def test_a_second_one_on_the_same_store_is_refused_with_4(daemon: Running, second: Running) -> None:
    file = second.desk.place / "syncd.toml"
    file.write_text(file.read_text().replace(str(second.desk.store), str(daemon.desk.store)))
    answer = refused(second)
    assert (answer.code, str(daemon.desk.store) in answer.told) == (4, True)
    assert not second.socket.exists()
    assert daemon.sync()["state"] == "complete"


def test_a_second_one_on_the_same_socket_is_refused_with_2(daemon: Running, second: Running) -> None:
    second.sections = {"control": {"socket": str(daemon.socket)}}
    second.configure()
    answer = refused(second)
    assert (answer.code, f"another syncd listens at {daemon.socket}" in answer.told) == (2, True)
    assert daemon.answers()


def test_a_stale_socket_is_replaced(second: Running) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stale:
        stale.bind(str(second.socket))
    second.start()
    assert second.stop() == 0
    assert not second.socket.exists()


def test_a_file_at_the_place_of_the_socket_is_left_alone(second: Running) -> None:
    second.socket.write_text("mine")
    answer = refused(second)
    assert (answer.code, f"{second.socket} is there and is no socket" in answer.told) == (2, True)
    assert second.socket.read_text() == "mine"
    second.socket.unlink()
    second.start()  # the store is free again


def test_a_sync_by_hand_is_refused_while_the_daemon_has_the_store(daemon: Running, desk: Desk) -> None:
    answer = desk.run("syncd", "sync")
    assert (answer.code, str(desk.store) in answer.told) == (4, True)
