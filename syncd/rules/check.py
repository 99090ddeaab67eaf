"""What is wrong with configured rules beyond their form; a line for each."""

from datetime import UTC, datetime
from pathlib import Path

from syncd import config
from syncd.errors import ConfigError
from syncd.installed import installed_collectors, load_collectors
from syncd.settings import Config


def load(path: Path | None = None, *, database: Path | None = None) -> Config:
    """The configuration with rules that can be used. Raises ConfigError."""
    found = config.load(path, database=database)
    lines = complaints(found)
    if lines:
        more = f"\n(and {len(lines) - 1} more: syncd check lists them)" if len(lines) > 1 else ""
        raise ConfigError(lines[0] + more)
    return found


def complaints_of(path: Path | None = None) -> list[str]:
    """All that is wrong with the configuration files as they are now."""
    try:
        found, lines = config.examine(path)
    except ConfigError as error:
        return [str(error)]
    return lines + complaints(found)


def complaints(found: Config) -> list[str]:
    """Of rules that are on: what nobody has switched on may speak of clouds that are not there."""
    on = [rule for rule in found.rule.values() if rule.enabled]
    if not on:
        return []
    # Searches and templates cost a tenth of a second to import, and most who sync have no rules.
    from syncd.rules.problems import problems, schema_of

    schema, now = schema_of(load_collectors(installed_collectors())), datetime.now(UTC)
    lines = []
    for rule in on:
        for problem in problems(rule, found, schema, now):
            where = f"{found.rule_files[rule.name]}: " if rule.name in found.rule_files else ""
            lines.append(f"{where}rule {rule.name}: {problem}")
    return lines
