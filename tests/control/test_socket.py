"""The socket file: for the owner and its group only, and nobody else's file is touched."""

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.control.door import bind
from syncd.errors import ConfigError


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_owner_and_group_may_connect_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    with bind(tmp_path / "control.sock"):
        assert mode(tmp_path / "control.sock") == 0o660
    assert os.umask(umask) == umask


def test_a_missing_directory_is_made_for_owner_and_group_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    with bind(tmp_path / "run" / "control.sock"):
        assert mode(tmp_path / "run") == 0o750


def test_directories_above_are_made_as_well(tmp_path: Path) -> None:
    with bind(tmp_path / "a" / "b" / "control.sock"):
        assert mode(tmp_path / "a" / "b") == 0o750


def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    with bind(tmp_path / "control.sock"):
        assert mode(tmp_path) == 0o711


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    bind(path).close()
    with bind(path) as listener, socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(path))
        listener.accept()[0].close()


def test_a_socket_that_somebody_listens_at_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with bind(path):
        with pytest.raises(ConfigError, match=f"another syncd listens at {path}: "):
            bind(path)
        assert path.is_socket()


def test_a_file_in_the_way_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("mine")
    with pytest.raises(ConfigError, match=f"{path} is there and is no socket: "):
        bind(path)
    assert path.read_text() == "mine"


def test_a_directory_in_the_way_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.mkdir()
    with pytest.raises(ConfigError, match="is no socket"):
        bind(path)
    assert path.is_dir()


@pytest.mark.parametrize("target", ["file", "stale.sock", "nothing"])
def test_a_link_in_the_way_is_refused_and_untouched(tmp_path: Path, target: str) -> None:
    (tmp_path / "file").write_text("mine")
    bind(tmp_path / "stale.sock").close()
    path = tmp_path / "control.sock"
    path.symlink_to(tmp_path / target)
    with pytest.raises(ConfigError, match="is no socket"):
        bind(path)
    assert path.readlink() == tmp_path / target
    assert (tmp_path / "stale.sock").is_socket()


def test_a_path_that_is_too_long_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot listen at .*too long; set control\.socket"):
        bind(tmp_path / ("a" * 200))


def test_a_file_where_the_directory_should_be_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(ConfigError, match=r"cannot listen at .*Not a directory"):
        bind(tmp_path / "run" / "control.sock")
