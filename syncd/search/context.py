"""What all parts of the compiler share: bound values, aliases, the schema, the picture and the time."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from syncd.search.schema import Schema
from syncd.search.tree import Filter

Bindable = str | int | float | bytes | None


@dataclass(frozen=True, slots=True)
class Picture:
    """Which graph is asked: the present, or the one at `commit`; `complete_only` leaves out what may be stale."""

    commit: int | None = None
    complete_only: bool = False

    @property
    def past(self) -> bool:
        return self.commit is not None


@dataclass(slots=True)
class Context:
    """Made for one compilation. Every value of the text, and every JSON path, goes through `bind`."""

    text: str
    schema: Schema
    picture: Picture
    now: datetime
    values: dict[str, Bindable] = field(default_factory=dict)
    documents: set[str] = field(default_factory=set)
    """Aliases of nodes whose document is looked into."""
    closed: str = ""
    """A select of the nodes (`key`) of which closed versions may fulfil the first filter, "" for all."""
    is_indexed: bool = False
    """Whether the index of searches is there, and hardly behind."""
    told: Filter | None = None
    """What the candidates that a search starts from fulfil for sure, but for those that the index is behind on."""
    briefs: set[str] = field(default_factory=set)
    """Aliases of nodes that are read from their briefs: see sources.briefs."""
    _names: dict[tuple[type, Bindable], str] = field(default_factory=dict)
    _numbers: defaultdict[str, "count[int]"] = field(default_factory=lambda: defaultdict(lambda: count(1)))

    def bind(self, value: Bindable) -> str:
        """The placeholder of a value. The same value has one placeholder."""
        known = self._names.get((type(value), value))
        if known is None:
            known = self._names[(type(value), value)] = f":v{len(self.values) + 1}"
            self.values[known[1:]] = value
        return known

    def alias(self, prefix: str) -> str:
        """A name that stands nowhere else in the statement."""
        return f"{prefix}{next(self._numbers[prefix])}"

    @property
    def commit(self) -> str:
        return self.bind(self.picture.commit)
