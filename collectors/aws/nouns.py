"""What an operation or an event is about: its noun, and the scopes whose list, kind or facets share it. Pure."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from botocore import xform_name
from msgspec import Struct, field

from collectors.aws.entries import KindEntry

Words = tuple[str, ...]

_VERSION = re.compile(r"_?20\d\d_?\d\d_?\d\d(_?v\d+)?$")
"""What Lambda and CloudFront put behind the names of operations."""
_SINGULAR = {"aliases": "alias", "alias": "alias", "buses": "bus", "bus": "bus", "indices": "index"}


def singular(word: str) -> str:
    """The same for a word and its plural; not always a word."""
    if word in _SINGULAR:
        return _SINGULAR[word]
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "shes", "ches")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


@lru_cache(maxsize=4096)
def words_of(operation: str) -> Words:
    """`AuthorizeSecurityGroupIngress` → authorize, security, group, ingress."""
    return tuple(map(singular, _VERSION.sub("", str(xform_name(operation))).split("_")))


def noun_of(operation: str) -> Words:
    """Its words without the verb."""
    return words_of(operation)[1:]


def plain_words(text: str) -> Words:
    """Of a sentence: `EC2 Instance State-change Notification`."""
    return tuple(singular(word) for word in re.split(r"[^a-z0-9]+", text.lower()) if word)


def nouns(entry: KindEntry, prefix: str) -> Iterator[Words]:
    """What the list and the kind of an entry are called. `prefix`: its service's, as IAM has it."""
    yield noun_of(entry.call.operation)
    kind = tuple(map(singular, entry.kind.split("_")))[1:]
    yield kind[1:] if kind[0] in {*map(singular, prefix.split("-")), singular(entry.call.service)} else kind


def facets(entry: KindEntry) -> Iterator[Words]:
    """What its facets are called."""
    for facet in entry.facets:
        if not facet.tags and facet.call.service == entry.call.service:
            yield noun_of(facet.call.operation)


class Nouns(Struct):
    """Of one service: noun → entries; `parts` are those of facets."""

    known: dict[Words, list[KindEntry]] = field(default_factory=dict)
    parts: dict[Words, list[KindEntry]] = field(default_factory=dict)

    def add(self, entry: KindEntry, prefix: str) -> None:
        for found, names in ((self.known, nouns(entry, prefix)), (self.parts, facets(entry))):
            for noun in names:
                if noun and entry not in found.setdefault(noun, []):
                    found[noun].append(entry)

    def about(self, words: Words) -> list[KindEntry]:
        """The entries whose nouns occur in these words.

        A noun within a longer one that occurs there does not count: of a cluster's snapshot, the cluster. A facet's
        noun hides nobody: another kind may have the same part, without a call of its own.
        """
        spans = [(start, end) for start in range(len(words)) for end in range(start + 1, len(words) + 1)]
        known = [one for one in spans if words[slice(*one)] in self.known]
        widest = [one for one in known if not any(_within(one, other) for other in known)]
        parts = [entry for one in spans for entry in self.parts.get(words[slice(*one)], ())]
        return [entry for one in widest for entry in self.known[words[slice(*one)]]] + parts

    def joined(self, text: str) -> list[KindEntry]:
        """By a type as ARNs have it: `security-group`, `loadbalancer`."""
        wanted = singular(re.sub(r"[^a-z0-9]", "", text.lower()))
        return [entry for noun, entries in self.known.items() if "".join(noun) == wanted for entry in entries]


def _within(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one != other and other[0] <= one[0] and one[1] <= other[1]


def every(entries: Iterable[KindEntry]) -> list[KindEntry]:
    """Each once, in their order."""
    return list({entry.kind: entry for entry in entries}.values())
