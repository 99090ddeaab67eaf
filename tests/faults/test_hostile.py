"""Hostile answers hurt one scope only, with the cause named, and never the process."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import process
from bench.fake import ROOT, Fake, environment, serving
from syncd.once import sync_once
from syncd.plugin import Selection
from tests.fakes.between import Between
from tests.fakes.estate import Estate, credentials

JSON, XML = "application/json", "text/xml"
FUNCTION = '{"FunctionName": "f", "FunctionArn": "arn:aws:lambda:us-east-1:100000000001:function:f%s"%s}'


def functions(*more: str, marker: str = "") -> bytes:
    items = ", ".join(FUNCTION % (number, extra) for number, extra in enumerate(more))
    return f'{{"Functions": [{items}]{marker}}}'.encode()


def volumes(*items: str) -> bytes:
    inner = "".join(f"<item>{item}</item>" for item in items)
    return (
        '<?xml version="1.0"?><DescribeVolumesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>r</requestId><volumeSet>{inner}</volumeSet></DescribeVolumesResponse>"
    ).encode()


VOLUME = "<volumeId>vol-0123456789abcdef0</volumeId>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><DescribeVolumesResponse>&l9;</DescribeVolumesResponse>'

LAMBDA, EC2 = "lambda.functions", "ec2.volumes"
PAYLOADS: dict[str, tuple[str, str, bytes]] = {
    "nested too deep": (LAMBDA, JSON, b'{"Functions": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "a number of 5,000 digits": (LAMBDA, JSON, functions(', "CodeSize": ' + "9" * 5000)),
    "a number beyond 64 bits": (LAMBDA, JSON, functions(', "CodeSize": 9223372036854775808')),
    "a lone surrogate": (LAMBDA, JSON, functions(', "Description": "\\ud800"')),
    "not a number": (LAMBDA, JSON, functions(', "CodeSize": NaN')),
    "the same id twice": (LAMBDA, JSON, functions("", "").replace(b":f1", b":f0")),
    "no id": (LAMBDA, JSON, b'{"Functions": [{"Runtime": "x"}]}'),
    "a list where a structure belongs": (LAMBDA, JSON, b'{"Functions": [["x"]]}'),
    "a text where a list belongs": (LAMBDA, JSON, b'{"Functions": "none"}'),
    "no object at all": (LAMBDA, JSON, b"[]"),
    "half a body": (LAMBDA, JSON, functions("", "")[:40]),
    "HTML with status 200": (EC2, XML, b"<html><body>It works!</body></html>"),
    "another operation's answer": (EC2, XML, volumes().replace(b"DescribeVolumes", b"DescribeVpcs")),
    "entities that explode": (EC2, XML, BOMB.encode()),
    "a truth value that is none": (EC2, XML, volumes(f"{VOLUME}<encrypted>perhaps</encrypted>")),
    "a NUL": (EC2, XML, volumes(VOLUME).replace(b"vol-0", b"vol-\0")),
    "an id of another form": (EC2, XML, volumes("<volumeId>i am no id</volumeId>")),
    "XML nested too deep": (EC2, XML, volumes("<x>" * 50_000 + "</x>" * 50_000)),
}
CALLS = {LAMBDA: "/2015-03-31/functions", EC2: "DescribeVolumes"}


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    with serving("--regions=1", "--scale=0.3") as running:
        yield running


def estate_of(fake: Fake, home: Path, patch: pytest.MonkeyPatch, url: str) -> Estate:
    credentials(patch, fake, home)
    patch.setenv("AWS_ENDPOINT_URL", url)
    return Estate(fake, home / "s.db", settings={"kinds": ["aws_lambda_function", "aws_ec2_volume", "aws_vpc"]})


@pytest.mark.parametrize("name", PAYLOADS)
async def test_a_hostile_answer_fails_its_scope_and_loses_nothing(
    name: str, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope, kind, body = PAYLOADS[name]
    async with Between(fake.url).serving() as between:
        estate = estate_of(fake, tmp_path, monkeypatch, between.url)
        assert (await sync_once(estate.config(), Selection())).state == "complete", estate.incomplete()
        before = estate.picture()
        between.answers = {CALLS[scope]: (kind, body)}
        await sync_once(estate.config(), Selection())
        assert estate.picture() == before
        (broken, (state, _, reason)), *others = estate.incomplete().items()
        assert (broken.endswith(scope), state, others) == (True, "failed", [])
        assert 10 < len(reason) < 1000
        between.answers.clear()
        assert (await sync_once(estate.config(), Selection())).state == "complete"
        assert estate.picture() == before


async def test_a_page_of_fifty_megabytes_is_read_within_bounds(fake: Fake, tmp_path: Path) -> None:
    item = ', "Description": "' + "x" * 400 + '"'
    page = functions(*[item] * 100_000)
    assert len(page) > 50_000_000
    async with Between(fake.url).serving() as between:
        between.answers = {CALLS[LAMBDA]: (JSON, page)}
        config = tmp_path / "syncd.toml"
        config.write_text('[aws]\nkinds = ["aws_lambda_function", "aws_vpc"]\n')
        command = [sys.executable, "-m", "syncd", "sync", "--quiet", "--config", str(config)]
        variables = {**environment(fake, tmp_path), "AWS_ENDPOINT_URL": between.url}
        arguments = ([*command, "--db", str(tmp_path / "s.db")], variables, tmp_path / "log", 300, ROOT)
        cost = await asyncio.to_thread(process.run, *arguments)
    assert cost.code in (0, 3)
    assert 50 < cost.rss < 400
    estate = Estate(fake, tmp_path / "s.db")
    assert estate.query("select count(*) from aws_vpc") != [(0,)]
