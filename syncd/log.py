"""Logs: dotted past facts with values as keys, to stderr, and never a secret in them."""

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import Any, Protocol, TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from syncd.plugin import Secret
from syncd.settings import Config, LogSettings

MASK = "***"
SHORTEST_SECRET = 6  # shorter ones would tear words apart

_SENSITIVE_KEY = re.compile(
    r"(^|[_-])(secret|password|passwd|token|authorization|(api|private|secret|access)_?key)$", re.IGNORECASE
)
_SENSITIVE_TEXT = re.compile(
    r"""(?P<name>\b[\w-]*(?:secret|password|passwd|token|authorization|signature|api_?key|secret_?(?:access_?)?key)
            ["']?\s*[:=]\s*["']?(?:bearer\s+|basic\s+)?)(?P<value>[^\s"'&,;}]+)
      | (?P<scheme>\b(?:bearer|basic)\s+)(?P<bearer>[\w.~+/=-]{8,})
      | (?P<login>://)[^/\s:@]+:[^/\s@]+(?=@)
      | (?P<hook>hooks\.slack\.com/)\S+""",
    re.IGNORECASE | re.VERBOSE,
)


class Stream(Protocol):
    """Where logs go: stderr, or whatever shares the terminal with them."""

    def write(self, text: str, /) -> int: ...

    def flush(self) -> None: ...

    def isatty(self) -> bool: ...


class Unbreakable:
    """A stream whose failures are nobody's business: a log that cannot be written must not end what it tells of."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):  # ValueError: it is closed
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()


class Redaction:
    """The last processor before the renderer: sees tracebacks as text, so what they quote is masked as well."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        known = {secret.reveal() for secret in secrets}
        longest_first = sorted((value for value in known if len(value) >= SHORTEST_SECRET), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        for key, value in event.items():
            event[key] = MASK if _SENSITIVE_KEY.search(key) else self._clean(value)
        return event

    def _clean(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value)
            case bool() | int() | float() | None:
                return value
            case Mapping():
                return {k: MASK if _SENSITIVE_KEY.search(str(k)) else self._clean(v) for k, v in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._clean(item) for item in value]
        return self.text(str(value))

    def text(self, text: str) -> str:
        if self._known:
            text = self._known.sub(MASK, text)
        return _SENSITIVE_TEXT.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    return (found["name"] or found["scheme"] or found["login"] or found["hook"]) + MASK


def configure(
    settings: LogSettings, secrets: Iterable[Secret] = (), stream: Stream | None = None, *, colours: bool = True
) -> None:
    """Console lines on a terminal, JSON elsewhere. Warnings of libraries pass the same processors."""
    stream = Unbreakable(stream or sys.stderr)
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    last: list[Processor] = [Redaction(secrets), _renderer(settings, stream, colours)]
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, stream)),
        cache_logger_on_first_use=True,
    )
    _libraries(first, last, stream)


def _renderer(settings: LogSettings, stream: Stream, colours: bool) -> Processor:
    terminal = stream.isatty()
    if settings.format == "logfmt":
        return structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    if settings.format == "json" or (settings.format == "auto" and not terminal):
        return structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    return structlog.dev.ConsoleRenderer(colors=terminal and colours, exception_formatter=structlog.dev.plain_traceback)


def _libraries(first: list[Processor], last: list[Processor], stream: Stream) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=first,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def secrets(config: Config) -> list[Secret]:
    """Every secret in the configuration, so that logs can mask them wherever they turn up."""
    return secrets_in(config)


def secrets_in(value: Any) -> list[Secret]:
    """Every secret in a part of the configuration, such as the settings of a target."""
    found: list[Secret] = []
    _gather(value, found)
    return found


def _gather(value: Any, found: list[Secret]) -> None:
    match value:
        case Secret():
            found.append(value)
        case msgspec.Struct():
            for name in value.__struct_fields__:
                _gather(getattr(value, name), found)
        case Mapping():
            _gather(list(value.values()), found)
        case _ if is_dataclass(value):
            _gather([getattr(value, part.name) for part in fields(value)], found)
        case list() | tuple() | set() | frozenset():
            for item in value:
                _gather(item, found)
