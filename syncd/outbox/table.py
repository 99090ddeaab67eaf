"""What routing goes by, as the configuration and commands have it at this moment."""

import sqlite3

from syncd.outbox.routing import Table, switched_on
from syncd.outbox.setting import manner
from syncd.settings import Config
from syncd.store import outbox


def table_of(connection: sqlite3.Connection, config: Config) -> Table:
    switches = {rule: switch for rule, (switch, _) in outbox.switches(connection).items()}
    apart = frozenset(name for name in config.targets if manner(config, name).apart)
    return Table(switched_on(config.rule, switches), config.rule, apart, outbox.bases(connection))
