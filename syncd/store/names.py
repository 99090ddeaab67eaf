"""Small integers for names that stand in many rows: kinds and edge types."""

import sqlite3
from collections.abc import Iterable

from syncd.errors import Failed


class Numbers(dict[str, int]):
    """Name → id. Raises Failed for a name that no plugin declared."""

    def __init__(self, table: str) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, name: str) -> int:
        raise Failed(f"{self._table} {name} is not declared by its collector")


class Names:
    """id ↔ name of one table, kept in memory. All names are declared when the store is opened.

    `backward` are those that end in `<`, without it.
    """

    def __init__(self, table: str) -> None:
        self._table = table
        self.ids, self.backward = Numbers(table), Numbers(table)
        self._names: dict[int, str] = {}

    def load(self, connection: sqlite3.Connection) -> None:
        self.ids.update(connection.execute(f"select name, id from {self._table}"))
        self.backward.update({name[:-1]: number for name, number in self.ids.items() if name.endswith("<")})
        self._names = {number: name for name, number in self.ids.items()}

    def add(self, connection: sqlite3.Connection, names: Iterable[str]) -> None:
        """Makes sure that all of these have a number; in a transaction of its own."""
        connection.executemany(
            f"insert or ignore into {self._table} (name) values (?)", [(n,) for n in sorted(set(names))]
        )
        self.load(connection)

    def name(self, number: int) -> str:
        return self._names[number]
