"""Who may look, who may change something, and who does not even get in: as the kernel and the user database say."""

import grp
import os
import pwd
import re
from collections.abc import Iterator
from typing import Any

import pytest

from syncd.control.peers import Peer, Rights
from tests.cli.conftest import Desk, desk_at
from tests.control.visitors import NOBODY, needs_root, open_place, somebody
from tests.fakes.daemon import Running, running

GROUP = 4711
"""Some number that the socket's group may have."""


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    """Its socket belongs to a group."""
    with open_place() as place, running(desk_at(place)) as daemon:
        os.chown(daemon.socket, -1, GROUP)
        yield daemon


def commands(daemon: Running) -> list[str]:
    """The paths of all POST routes that change something, as the daemon itself describes them."""
    document: dict[str, Any] = daemon.get("/v1/openapi.json")[1]
    found = [path for path, operations in document["paths"].items() if "post" in operations and path != "/v1/search"]
    return [re.sub(r"\{\w+\}", "1", path.replace("{name}", "collect")) for path in found]


def member() -> tuple[str, str]:
    """A user, and a group that it is a member of by /etc/group alone."""
    for group in grp.getgrall():
        for name in group.gr_mem:
            account = pwd.getpwnam(name)
            if account.pw_uid != 0 and account.pw_gid != group.gr_gid:
                return name, group.gr_name
    pytest.skip("no user of this machine is listed in /etc/group")


# -- the rule


def test_root_and_the_daemons_own_user_may_change_everything() -> None:
    rights = Rights([], [])
    assert rights.may_change(Peer(1, 0, 0))
    assert rights.may_change(Peer(1, os.geteuid(), 1))


def test_nobody_else_may_without_being_named() -> None:
    assert not Rights([], []).may_change(Peer(1, 54321, 0))
    assert not Rights([], []).may_change(Peer(1, pwd.getpwnam(NOBODY).pw_uid, 0))


def test_a_named_user_may() -> None:
    number = pwd.getpwnam(NOBODY).pw_uid
    assert Rights([NOBODY], []).may_change(Peer(1, number, number))


def test_a_member_of_a_named_group_may() -> None:
    user, group = member()
    account = pwd.getpwnam(user)
    assert Rights([], [group]).may_change(Peer(1, account.pw_uid, account.pw_gid))
    assert not Rights([], ["no-such-group"]).may_change(Peer(1, account.pw_uid, account.pw_gid))


def test_a_users_first_group_counts_as_well() -> None:
    account = pwd.getpwnam(NOBODY)
    group = grp.getgrgid(account.pw_gid).gr_name
    assert Rights([], [group]).may_change(Peer(1, account.pw_uid, account.pw_gid))


def test_the_group_that_a_process_says_it_has_counts_for_nothing() -> None:
    account = pwd.getpwnam(NOBODY)
    assert not Rights([], [grp.getgrgid(0).gr_name]).may_change(Peer(1, account.pw_uid, 0))


def test_a_number_without_a_name_is_shown_as_it_is_and_may_nothing() -> None:
    peer = Peer(1, 54321, 54321)
    assert peer.user == "54321"
    assert not Rights([], [grp.getgrgid(0).gr_name]).may_change(peer)


# -- the daemon


@needs_root
def test_who_is_not_in_the_sockets_group_cannot_connect(open_desk: Desk) -> None:
    with running(open_desk) as daemon, somebody(), pytest.raises(PermissionError):
        daemon.get("/v1/version")


@needs_root
def test_a_member_of_the_sockets_group_may_look(shared: Running) -> None:
    with somebody(groups=[GROUP]):
        assert shared.get("/v1/status")[0] == 200
        assert shared.rows("/v1/coverage") == []


@needs_root
def test_every_command_is_refused_to_a_member_who_is_not_named(shared: Running) -> None:
    paths = commands(shared)
    assert len(paths) >= 7
    for path in paths:
        with somebody(groups=[GROUP]):
            status, answer = shared.post(path, {})
        assert (status, answer["error"]["code"]) == (403, "forbidden"), path
        assert answer["error"]["message"].startswith("nobody may only look; commands are for root, the daemon's own"), (
            path
        )


@needs_root
def test_a_refused_command_is_in_the_log_and_not_among_the_events(shared: Running) -> None:
    before = shared.get("/v1/status")[1]["last_event"]
    with somebody(groups=[GROUP]):
        shared.post("/v1/pause")
    line = [line for line in shared.log.splitlines() if "control.refused" in line][-1]
    assert '"user": "nobody"' in line
    assert '"command": "POST /v1/pause"' in line
    assert shared.get("/v1/status")[1]["last_event"] == before
    assert shared.get("/v1/status")[1]["paused"] is False


@needs_root
def test_a_named_user_may_give_commands_and_is_written_down(open_desk: Desk) -> None:
    with running(open_desk, control={"users": [NOBODY]}) as daemon:
        os.chown(daemon.socket, -1, GROUP)
        with somebody(groups=[GROUP]):
            assert daemon.post("/v1/pause") == (200, {"paused": True})
        assert daemon.rows("/v1/events?type=control.command")[-1]["body"]["user"] == NOBODY


@needs_root
def test_a_member_of_a_named_group_may_give_commands(open_desk: Desk) -> None:
    user, group = member()
    with running(open_desk, control={"groups": [group]}) as daemon:
        os.chown(daemon.socket, -1, GROUP)
        with somebody(user, [GROUP]):
            assert daemon.post("/v1/pause") == (200, {"paused": True})


@needs_root
def test_a_reload_gives_and_takes_rights(shared: Running) -> None:
    shared.sections = {"control": {"users": [NOBODY]}}
    shared.configure()
    assert shared.post("/v1/reload")[0] == 200
    with somebody(groups=[GROUP]):
        assert shared.post("/v1/resume")[0] == 200
    shared.sections = {}
    shared.configure()
    assert shared.post("/v1/reload")[0] == 200
    with somebody(groups=[GROUP]):
        assert shared.post("/v1/resume")[0] == 403
