"""What a search holds never leaves its place: values and JSON paths are bound, names are ours, nothing is written."""

import asyncio
import hashlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from syncd.errors import QueryError
from syncd.search import functions
from syncd.search.answer import Answer, Asking, Question
from syncd.search.compile import Statement, compiled
from syncd.search.context import Context, Picture
from syncd.search.schema import load_schema
from syncd.search.tree import (
    EACH,
    Aggregate,
    All,
    Call,
    Compare,
    Element,
    Filter,
    Function,
    Group,
    Id,
    Is,
    Merge,
    Part,
    Query,
    SortKey,
    Value,
    Walk,
    With,
    Words,
)
from syncd.search.tree import Path as Steps
from tests.fakes.cloud import box
from tests.fakes.world import World
from tests.search.graphs import reading

pytestmark = pytest.mark.unmeasured  # it is the many cases that cost; other tests show what is reached


BENIGN = "harmless"
HOSTILE = (
    "'", '"', "''", "a'b", "`", "]", ")", "')", "--", "; drop table node", "' or 1=1 --", "'; delete from node; --",
    "/*", "$.a", '$."a"', ":v1", "?1", "@v", "%", "{}", "{name}", "\\", "\\'", "\x00", "a\x00b", "\ud800", "a\udfff",
    "‘", "＇", "\u2028", "\u202e", "x" * 100_000, "n1.name", "true", "null", "select key from node",
    "|| (select 1) ||", "\n;\n",
)  # fmt: skip
GREEDY = ("*", "[", "(?P<x", "a{1000}")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One for all: nobody can write to it."""
    world = World(tmp_path_factory.mktemp("injection") / "s.db")
    asyncio.run(fill(world))
    return world


async def fill(world: World) -> None:
    names = [hostile for hostile in HOSTILE if "\0" not in hostile and hostile.isprintable()]
    boxes = [box("1", f"b{number}", tags={"t": name}, said=name) for number, name in enumerate(names)]
    world.cloud.put("fake/1/r1/boxes", *(replace(each, name=name) for each, name in zip(boxes, names, strict=True)))
    await world.sync()
    async with world.store() as store:
        await store.index()


# -- the tree, whatever the parser lets through


def value_places(text: str) -> list[Filter]:
    """Filters that hold the text as a value."""
    found: list[Filter] = [Id((text,)), Words(text), Call("has_key", Steps(("tags",)), (Value("x"), Value("y")))]
    for path in (("name",), ("tags", "t"), ("said",), ("said", EACH), ("account", "name"), ("coverage", "state")):
        for bare in (False, True):
            found += [Compare(Steps(path), op, (Value(text, bare),)) for op in ("=", "!=", "<", ">=")]
            found.append(Compare(Steps(path), "in", (Value(text, bare), Value("other"))))
    found.append(Element(Steps(("said",)), Compare(Steps(("x",)), "=", (Value(text),))))
    return found


def name_places(text: str) -> list[Query]:
    """Searches that hold the text as a step of a path, a key, or a name of a column."""
    path = Steps((text,))
    return [
        Query((Part(Compare(path, "=", (Value("x"),))),)),
        Query((Part(Compare(Steps(("said", EACH, text)), "=", (Value("x"),))),)),
        Query((Part(Compare(Steps(("tags", text)), "=", (Value("x"),))),)),
        Query((Part(Call("has_key", Steps(("tags",)), (Value(text),))),)),
        Query((Part(All(), sort=(SortKey(path),)),)),
        Query((Part(All()),), Aggregate((Group((path,), text),), (Function("sum", path, (), text),))),
        Query((Part(All()),), Aggregate((Group((text, path, text), text),), (Function("count", path, (), text),))),
        Query((Part(All(), merges=(Merge(text, True, Query((Part(All(), Walk((), None)),))),)),)),
    ]


def schema_places(text: str) -> list[Query]:
    """Searches that hold the text as the name of a kind or of a type of edges."""
    walk = Walk((text,), None)
    return [
        Query((Part(Is((text,))),)),
        Query((Part(Compare(Steps(("ancestors", text, "name")), "=", (Value("x"),))),)),
        Query((Part(All()), Part(All(), walk))),
        Query((Part(All(), having=With(">", 0, walk, All())),)),
    ]


def statement(connection: sqlite3.Connection, world: World, query: Query) -> Statement:
    return compiled(Context("", load_schema(connection), Picture(), world.moment), query, 100)


def ways(world: World, text: str) -> list[str]:
    """The SQL of all searches with the text as a value; values stand outside of it."""
    with closing(reading(world)) as connection:
        places = [Query((Part(filter_),)) for filter_ in value_places(text)] + name_places(text)
        return [skeleton(connection, world, query) for query in places]


def skeleton(connection: sqlite3.Connection, world: World, query: Query) -> str:
    try:
        return re.sub(r":v\d+", ":v", statement(connection, world, query).sql)
    except QueryError:
        return "refused"


@pytest.mark.parametrize("hostile", [text for text in HOSTILE if text not in ("true", "null")], ids=ascii)
def test_the_sql_does_not_depend_on_what_is_searched_for(world: World, hostile: str) -> None:
    for benign, found in zip(ways(world, BENIGN), ways(world, hostile), strict=True):
        assert found in (benign, "refused")


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_a_name_that_the_schema_has_not_is_refused(world: World, hostile: str) -> None:
    with closing(reading(world)) as connection:
        for query in schema_places(hostile):
            with pytest.raises(QueryError):
                statement(connection, world, query)


def test_a_hostile_value_finds_what_holds_it_and_nothing_else(world: World) -> None:
    with closing(reading(world)) as connection:
        functions.install(connection)
        for (name,) in world.query("select name from node"):
            for path in (("name",), ("tags", "t"), ("said",)):
                found = statement(connection, world, Query((Part(Compare(Steps(path), "=", (Value(name),))),)))
                keys = connection.execute(found.sql, found.values).fetchall()
                assert keys == world.query("select key from node where name = ?", name)


# -- the text, through and through


TEMPLATES = (
    '"{}"', "name = '{}'", 'name = "{}"', "name = {}", "{} = 1", "`{}` = 1", "tags.`{}` = 1", "a.`{}`[*].b = 1",
    "is({})",
    "id({})", 'id("{}")', "all -{}-> all", "all with(any, <-{}- all)", "aggregate(kind as {}: sum(1)): all",
    "aggregate(kind: sum(1) as {}): all", 'aggregate("{}": sum(1)): all', "aggregate(`{}`: sum(1)): all",
    'has_key(tags, "{}")', 'in_subnet(ip, "{}")', 'name =~ "{}"', "all sort `{}`", "all {{{}: --> all}}",
    "expand(t, x={})",
    'expand(t, x="{}")', "expand({})", "all limit {}", "said[{}] = 1", "age > {}", 'name in ["{}", a]',
)  # fmt: skip


def content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def answer(connection: sqlite3.Connection, world: World, text: str) -> Answer | str:
    try:
        question = Question(text, seconds=20, templates={"t": "name = {{x}}"})
        return Asking(connection, question, world.moment).answer()
    except QueryError as error:
        return str(error)


@pytest.mark.parametrize("template", TEMPLATES)
def test_hostile_text_is_answered_or_refused_and_changes_nothing(world: World, template: str) -> None:
    before = content(world.path)
    for hostile in (*HOSTILE, *GREEDY):
        with closing(reading(world)) as connection:
            assert answer(connection, world, template.format(hostile))
            assert connection.total_changes == 0
    assert content(world.path) == before
    assert world.query("pragma integrity_check") == [("ok",)]
