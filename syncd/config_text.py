"""The text of the configuration: files laid over each other, tables read into structs, secrets fetched."""

import os
import tomllib
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from syncd.complaints import Complaint, Step, complaint, without
from syncd.errors import ConfigError
from syncd.plugin import Secret

SYSTEM_FILE = Path("/etc/syncd/syncd.toml")


@dataclass(frozen=True, slots=True)
class Text:
    """All files laid over each other. `origins` tells by path which file said a key; the longest path decides.

    `rules`: those of all files, which are never laid over each other.
    """

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[tuple[Step, ...], Path] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    rules: list[tuple[Path, Any]] = field(default_factory=list)

    def origin(self, path: Sequence[Step]) -> Path:
        for length in range(len(path), 0, -1):
            if found := self.origins.get(tuple(path[:length])):
                return found
        return self.files[0]

    def lines(self, table: tuple[str, ...], complaints: Iterable[Complaint]) -> list[str]:
        """As people read them: file, key, what is wrong."""
        name = ".".join(table)
        return [f"{self.origin((*table, *each.path))}: {each.key(name)}: {each.text}" for each in complaints]


def files_of(path: Path | None) -> tuple[Path, ...]:
    """The main file and its drop-ins (`syncd.toml` → `syncd.d/*.toml`), in the order in which they are laid."""
    named = path or (Path(env) if (env := os.environ.get("SYNCD_CONFIG")) else None)
    main = (named or SYSTEM_FILE).expanduser()
    try:
        drop_ins = sorted(main.with_suffix(".d").glob("*.toml"))
        return (main, *drop_ins) if named or main.exists() else tuple(drop_ins)
    except OSError as error:
        _unreadable(main, error)


def read(files: tuple[Path, ...]) -> Text:
    text = Text(files=files)
    for file in files:
        parsed = parse(file)
        text.rules.extend(rules_of(file, parsed))
        _lay(text, text.values, parsed, file, ())
    return text


def rules_of(file: Path, parsed: dict[str, Any]) -> list[tuple[Path, Any]]:
    """Takes [[rule]] out of what a file says."""
    rules = parsed.pop("rule", [])
    if not isinstance(rules, list):
        raise ConfigError(f"{file}: rule: found a table, expected [[rule]], once for each rule")
    return [(file, rule) for rule in rules]


def parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        _unreadable(file, error)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: byte {error.start} is not UTF-8 text") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{file}: not valid TOML: {str(error).splitlines()[0]}") from None


def _unreadable(file: Path, error: OSError) -> NoReturn:
    raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None


def _lay(text: Text, below: dict[str, Any], above: dict[str, Any], file: Path, path: tuple[Step, ...]) -> None:
    """Tables merge, other values replace."""
    for key, value in above.items():
        here = (*path, key)
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _lay(text, below[key], value, file, here)
            continue
        for said in [said for said in text.origins if said[: len(here)] == here]:
            del text.origins[said]
        text.origins[here] = file
        below[key] = deepcopy(value)


def section(text: Text, name: str, kind: type[Any], complaints: list[str]) -> Any:
    """One table as its struct. Each value that cannot be used is complained of once and replaced by its default."""
    found, wrong = converted(text.values.get(name, {}), kind)
    complaints += text.lines((name,), wrong)
    return found


def converted(table: Any, kind: type[Any]) -> tuple[Any, list[Complaint]]:
    """The struct, None where even its defaults cannot be had, and what is wrong with the table."""
    values: Any = deepcopy(table)
    complaints: list[Complaint] = []
    earlier: list[Complaint] = []
    while True:
        try:
            return msgspec.convert(values, kind, dec_hook=_custom), complaints
        except msgspec.ValidationError as error:
            found = complaint(error, values, kind, _custom)
            if not any(found.follows(other) for other in earlier):
                complaints.append(found)
            earlier.append(found)
            if not found.path and not values:
                return None, complaints
            values = without(values, found.path) if found.path else {}


def _custom(kind: type[Any], value: Any) -> Any:
    if kind is Secret:
        return _secret(value)
    raise NotImplementedError(f"no way to read {kind.__name__} from a configuration")


def _secret(value: Any) -> Secret:
    """Messages name places, never values."""
    match value:
        case str() if value:
            return Secret(value)
        case {"env": str(name)} if len(value) == 1:
            return _filled(os.environ.get(name, ""), f"environment variable {name} is not set or empty")
        case {"file": str(name)} if len(value) == 1:
            return _secret_file(Path(name).expanduser())
        case {"credential": str(name)} if len(value) == 1:
            return _secret_file(_credential(name))
    raise ValueError('expected a text that is not empty, { file = "…" }, { env = "…" } or { credential = "…" }')


def _credential(name: str) -> Path:
    directory = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not directory:
        raise ValueError(f"credential {name}: there is none outside a systemd unit with LoadCredential={name}:…")
    if "/" in name or name in {"", ".", ".."}:
        raise ValueError("expected the plain name of a systemd credential")
    return Path(directory) / name


def _secret_file(file: Path) -> Secret:
    if not file.is_absolute():
        raise ValueError(f"secret file {file}: expected an absolute path")
    try:
        return _filled(file.read_text().rstrip("\r\n"), f"secret file {file} is empty")
    except OSError as error:
        raise ValueError(f"secret file {file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"secret file {file} is not UTF-8 text") from None


def _filled(value: str, otherwise: str) -> Secret:
    if not value:
        raise ValueError(otherwise)
    return Secret(value)
