"""Whatever is typed, the answer is a Query or a QueryError that can be shown."""

import random
import re
from datetime import UTC, datetime

import pytest

from syncd.errors import QueryError
from syncd.search.parse import parse
from syncd.search.tree import Query
from tests.search.resoto_examples import EXAMPLES

pytestmark = pytest.mark.unmeasured  # it is the many cases that cost; other tests show what is reached


NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TEMPLATES = {"a": "is({{k}})", "b": "expand(a, k=x) or expand(b)", "c": "name = 'x"}
PIECES = [piece for text in EXAMPLES for piece in re.findall(r"\s+|\w+|[^\w\s]+", text)]
TOKENS = re.findall(
    r"\S+",
    """and or not in all any none is( id( with( count empty sort asc desc limit reversed aggregate( sum( as true ( )
    null [ ] { } .{ , : . / ` " ' \\ = == != < <= > >= =~ ~ !~ --> <-- <--> -[ ]-> -[0:]-> <-a[1:2]b-> - -- * + % @ # |
    ; a b.c a[*] a[0] -7d 30d 10GB 1.5 99999999999 2026-01-02 @NOW@ expand( expand(a,k=x) expand(b) expand(c) in_subnet(
    has_key( {{k}} with_usage( /metadata.x /reported /ancestors.a.reported.b ü \u200b \ufeff \x00 \ud800 🙂 search""",
)


def mixed(chance: random.Random) -> str:
    """Tokens in any order."""
    glue = chance.choice(["", " "])
    return glue.join(chance.choices(TOKENS, k=chance.randint(0, 25)))


def mutated(chance: random.Random) -> str:
    """A search that somebody could type, with a few slips."""
    pieces = re.findall(r"\s+|\w+|[^\w\s]", chance.choice(EXAMPLES))
    first = chance.randrange(len(pieces))
    pieces = pieces[first : first + 60] if chance.random() < 0.3 else pieces[:60]
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(pieces) + 1)
        match chance.randrange(4):
            case 0:
                del pieces[at : at + chance.randint(1, 3)]
            case 1:
                pieces.insert(at, chance.choice(TOKENS))
            case 2:
                pieces.insert(at, chance.choice(PIECES))
            case 3:
                pieces[at : at + 2] = reversed(pieces[at : at + 2])
    return "".join(pieces)


def noise(chance: random.Random) -> str:
    """Bytes, read as characters of one byte or of any."""
    if chance.random() < 0.5:
        return chance.randbytes(chance.randint(0, 40)).decode("latin-1")
    return "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randint(0, 20)))


def shown(error: QueryError) -> type:
    str(error).encode()
    assert 0 <= error.at <= len(error.text)
    return QueryError


def answered(seed: int, count: int) -> set[type]:
    """The kinds of answers to `count` texts."""
    chance, kinds = random.Random(seed), set[type]()
    for _ in range(count):
        text = chance.choice([mixed, mutated, mutated, noise])(chance)
        try:
            kinds.add(type(parse(text, TEMPLATES, now=NOW)))
        except QueryError as error:
            kinds.add(shown(error))
        except Exception as error:
            raise AssertionError(f"{text!r}: {error!r}") from error
    return kinds


@pytest.mark.timeout(600)
def test_20_000_texts_are_understood_or_refused() -> None:
    assert answered(1, 20_000) == {Query, QueryError}


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_million_texts_are_understood_or_refused() -> None:
    assert answered(2, 1_000_000) == {Query, QueryError}
