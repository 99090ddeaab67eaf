"""Names as people say them: what an operation lists, in the singular and in snake_case."""

import re

from collectors.aws.outline import snake

VERBS = ("List", "Describe", "Get")
_VERB = re.compile(rf"(?:{'|'.join(VERBS)})(?=[A-Z0-9])")
# Words of a list's name that say how it is told, not what is in it.
_MANNER = re.compile(r"_(?:v\d+|summary|summaries|list|info|detail|details|metadata)$")
_IRREGULAR = {
    "aliases": "alias",
    "analyses": "analysis",
    "apis": "api",
    "bases": "base",
    "buses": "bus",
    "caches": "cache",
    "criteria": "criterion",
    "data": "data",
    "indices": "index",
    "media": "media",
    "metadata": "metadata",
    "movies": "movie",
    "news": "news",
    "schemata": "schema",
    "series": "series",
}
_WHOLE = ("ss", "us", "is")
"""Ends of words that are singular already."""


def noun_of(operation: str) -> str:
    """`ListResolverEndpoints` → `resolver_endpoint`."""
    words = snake(_VERB.sub("", operation, count=1))
    while _MANNER.search(words):
        words = _MANNER.sub("", words)
    first, _, last = words.rpartition("_")
    return f"{first}_{singular(last)}" if first else singular(last)


def is_plural(operation: str) -> bool:
    words = re.sub(r"_v\d+$", "", snake(operation))
    last = words.rpartition("_")[2]
    return singular(last) != last or last == "list"


def singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 3 or not word.endswith("s") or word.endswith(_WHOLE):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes", "uses")) and not word.endswith(("auses", "ouses")):
        return word[:-2]
    return word[:-1]


def matches(prefix: str, noun: str) -> bool:
    """Whether a member's name without its ending means what is listed: `endpoint` of a `resolver_endpoint`."""
    return bool(prefix) and (noun == prefix or noun.endswith(f"_{prefix}") or prefix.endswith(f"_{noun}"))
