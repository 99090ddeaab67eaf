"""Small integers for names that stand in many rows: kinds and edge types."""

import sqlite3
from collections.abc import Iterable

from syncd.errors import Failed


class Names:
    """id ↔ name of one table, kept in memory. All names are declared when the store is opened."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._ids: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def load(self, connection: sqlite3.Connection) -> None:
        self._ids = dict(connection.execute(f"select name, id from {self._table}"))
        self._names = {i: n for n, i in self._ids.items()}

    def add(self, connection: sqlite3.Connection, names: Iterable[str]) -> None:
        """Makes sure that all of these have a number; in a transaction of its own."""
        connection.executemany(
            f"insert or ignore into {self._table} (name) values (?)", [(n,) for n in sorted(set(names))]
        )
        self.load(connection)

    def id(self, name: str) -> int:
        """Raises Failed for a name that no plugin declared."""
        found = self._ids.get(name)
        if found is None:
            raise Failed(f"{self._table} {name} is not declared by its collector")
        return found

    def name(self, number: int) -> str:
        return self._names[number]

    def ids_ending(self, suffix: str) -> list[int]:
        """Numbers of the known names with this ending."""
        return [number for name, number in self._ids.items() if name.endswith(suffix)]
