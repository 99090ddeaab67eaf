"""Where plans are: in the daemon, or, with --db, in a file that nobody else writes meanwhile."""

import argparse
import asyncio
import getpass
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from syncd.errors import ConfigError

if TYPE_CHECKING:
    from syncd.acts.plans import Plans
    from syncd.cli.client import Daemon

Row = dict[str, Any]

AGAIN = 0.3
"""Seconds between two looks at a plan that the daemon applies."""


class Way(Protocol):
    """Raises SyncdError in the words of whoever refuses."""

    def make(self, wanted: Mapping[str, Any]) -> Row: ...

    def plans(self, limit: int, state: str) -> list[Row]: ...

    def show(self, number: int) -> Row: ...

    def apply(self, number: int) -> Row:
        """Returns when it has ended."""
        ...

    def discard(self, number: int) -> Row: ...

    def protect(self, named: Mapping[str, Any], *, on: bool) -> Row:
        """How many `resources` are meant, and how many `changed`."""
        ...

    def protected(self) -> list[Row]: ...


@contextmanager
def way(arguments: argparse.Namespace) -> Iterator[Way]:
    if arguments.db:
        with alone(arguments) as found:
            yield found
        return
    from syncd.cli.client import Daemon, socket_file

    yield Asked(Daemon(socket_file(arguments.socket, os.environ)))


class Asked:
    """The daemon's plans."""

    def __init__(self, daemon: "Daemon") -> None:
        self.daemon = daemon

    def make(self, wanted: Mapping[str, Any]) -> Row:
        return self._plan(self.daemon.post("/v1/plans", wanted))

    def plans(self, limit: int, state: str) -> list[Row]:
        found: list[Row] = self.daemon.get("/v1/plans", limit=limit, state=state)["plans"]
        return found

    def show(self, number: int) -> Row:
        return self._plan(self.daemon.get(f"/v1/plans/{number}"))

    def apply(self, number: int) -> Row:
        self.daemon.post(f"/v1/plans/{number}/apply")
        while (found := self.show(number))["state"] == "applying":
            time.sleep(AGAIN)
        return found

    def discard(self, number: int) -> Row:
        return self._plan(self.daemon.post(f"/v1/plans/{number}/discard"))

    def protect(self, named: Mapping[str, Any], *, on: bool) -> Row:
        return self.daemon.post("/v1/protect" if on else "/v1/unprotect", named)

    def protected(self) -> list[Row]:
        found: list[Row] = self.daemon.get("/v1/protected")["protected"]
        return found

    @staticmethod
    def _plan(answer: Mapping[str, Any]) -> Row:
        return dict(answer["plan"])


class Alone:
    """The plans of a file, in the foreground."""

    def __init__(self, plans: "Plans", runner: asyncio.Runner) -> None:
        self._plans = plans
        self._run = runner.run
        self._user = getpass.getuser()

    def make(self, wanted: Mapping[str, Any]) -> Row:
        from syncd.acts.wishes import Wish

        named = {"search" if name == "query" else name: value for name, value in wanted.items()}
        return self._run(self._plans.plan(Wish(**{**named, "keys": tuple(named.get("keys", ()))}), self._user))

    def plans(self, limit: int, state: str) -> list[Row]:
        return self._run(self._plans.listed(limit, state))

    def show(self, number: int) -> Row:
        return self._run(self._plans.show(number))

    def apply(self, number: int) -> Row:
        return self._run(self._plans.apply(number, self._user))

    def discard(self, number: int) -> Row:
        return self._run(self._plans.discard(number, self._user))

    def protect(self, named: Mapping[str, Any], *, on: bool) -> Row:
        nodes = self._named(named, on=on)
        if on:
            changed = self._run(self._plans.protect(nodes, self._user, named.get("reason", "")))
        else:
            changed = self._run(self._plans.unprotect(nodes, self._user))
        return {"resources": len(nodes), "changed": changed}

    def _named(self, meant: Mapping[str, Any], *, on: bool) -> Sequence[tuple[int, str]]:
        from syncd.acts.making import named
        from syncd.store.keys import node_key
        from syncd.store.reader import searching

        urns, ground = meant.get("urns", ()), self._plans.ground()
        if urns and not on:  # what is gone can be protected still
            return [(node_key(urn), urn) for urn in urns]
        with searching(self._plans.store.path) as connection:
            return named(connection, meant.get("query", ""), urns, ground.search, ground.now)

    def protected(self) -> list[Row]:
        return self._run(self._plans.protected())


@contextmanager
def alone(arguments: argparse.Namespace) -> Iterator[Alone]:
    """Raises StoreLocked where a daemon has the file."""
    import msgspec

    from syncd import log
    from syncd.config import load
    from syncd.once import plans_once

    if not arguments.db.exists():
        raise ConfigError(f"{arguments.db} is not there: syncd sync --db {arguments.db} makes it")
    config = load(arguments.config, database=arguments.db)
    log.configure(msgspec.structs.replace(config.log, level="warning"), log.secrets(config))
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield Alone(runner.run(stack.enter_async_context(plans_once(config))), runner)
        finally:
            runner.run(stack.aclose())
