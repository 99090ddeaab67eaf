"""Who is at the other end of a unix socket, and who may change something."""

import grp
import os
import pwd
import socket
import struct
from collections.abc import Iterable
from typing import NamedTuple

_UCRED = struct.Struct("3i")


class Peer(NamedTuple):
    """The process that connected, as the kernel says."""

    pid: int
    uid: int
    gid: int

    @property
    def user(self) -> str:
        """The user's name, or the number where it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)


def peer_of(connection: socket.socket) -> Peer:
    return Peer(*_UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)))


class Rights:
    """Root, the daemon's own user, and the users and groups that the configuration names."""

    def __init__(self, users: Iterable[str], groups: Iterable[str]) -> None:
        self._users = frozenset(users)
        self._groups = frozenset(groups)

    def owns(self, peer: Peer) -> bool:
        """Root and the daemon's user: a connection is kept for them."""
        return peer.uid in (0, os.geteuid())

    def may_change(self, peer: Peer) -> bool:
        return self.owns(peer) or peer.user in self._users or bool(self._groups & _groups_of(peer))

    def wanted(self) -> str:
        """Who may, in words."""
        named = [*sorted(self._users), *(f"members of {group}" for group in sorted(self._groups))]
        return ", ".join(["root", "the daemon's own user", *named])


def _groups_of(peer: Peer) -> set[str]:
    """All groups of the user, looked up now: what the process was started with may be out of date."""
    try:
        account = pwd.getpwuid(peer.uid)
    except KeyError:
        return set()
    return {name for number in os.getgrouplist(account.pw_name, account.pw_gid) if (name := _group(number))}


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return ""
