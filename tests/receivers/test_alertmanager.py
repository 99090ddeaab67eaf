"""A real Alertmanager: what matches fires there, is kept alive, and ends, by word or for want of one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reactions.alertmanager import AlertmanagerSettings, reaction
from syncd.errors import Rejected
from syncd.notice import Notice
from tests.egress.servers import LOOPBACK, leaving
from tests.fakes.notices import HOSTILE, LINK, hostile, item, notice
from tests.receivers.servers import alertmanager, asked, eventually

pytestmark = pytest.mark.needs("alertmanager")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with alertmanager(tmp_path_factory.mktemp("alertmanager")) as up:
        yield up


def firing(port: int, rule: str) -> list[dict[str, Any]]:
    status, found = asked(port, "GET", f'/api/v2/alerts?filter=alertname="{rule}"')
    assert status == 200
    return sorted((alert for alert in found if alert["status"]["state"] == "active"), key=lambda alert: alert["endsAt"])


async def tell(port: int, told: Notice, ago: float = 0, *, urls: tuple[str, ...] = ()) -> str:
    settings = AlertmanagerSettings(urls=(f"http://127.0.0.1:{port}", *urls))
    async with leaving(LOOPBACK) as egress:
        receipt = await reaction.deliver(egress.attempt(datetime.now(UTC) - timedelta(seconds=ago)), settings, told)
    return receipt.answer


def about(rule: str, *names: str, **more: Any) -> Notice:
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    items = tuple(item(name, more.get("change", "begin"), urn=f"urn:{name}") for name in names)
    given = {key: value for key, value in more.items() if key != "change"}
    return notice(rule=rule, items=items, total=len(items), at=at, **given)


async def test_each_resource_is_an_alert_and_ends_by_itself(port: int) -> None:
    await tell(port, about("begins", "a", "b"))
    first, second = firing(port, "begins")
    assert {first["labels"]["urn"], second["labels"]["urn"]} == {"urn:a", "urn:b"}
    assert first["generatorURL"] == LINK
    assert first["labels"]["severity"] == "error"
    await tell(port, about("begins", "a", change="cease"))
    assert [alert["labels"]["urn"] for alert in firing(port, "begins")] == ["urn:b"]


async def test_what_is_told_again_lives_on(port: int) -> None:
    await tell(port, about("lives", "a"), ago=470)
    before = firing(port, "lives")[0]
    await tell(port, about("lives", "a", repeated=True))
    after = firing(port, "lives")[0]
    assert (before["startsAt"], before["fingerprint"]) == (after["startsAt"], after["fingerprint"])
    assert datetime.fromisoformat(after["endsAt"]) > datetime.fromisoformat(before["endsAt"]) + timedelta(minutes=5)


async def test_what_nobody_tells_again_ends(port: int) -> None:
    await tell(port, about("fades", "a"), ago=478)
    assert firing(port, "fades")
    assert eventually(lambda: not firing(port, "fades"))


async def test_one_of_a_cluster_that_is_down_stops_nobody(port: int) -> None:
    assert "taken by 1 of 2: " in await tell(port, about("cluster", "a"), urls=("http://127.0.0.1:9",))
    assert firing(port, "cluster")


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_names_are_taken(port: int, name: str) -> None:
    assert await tell(port, hostile(HOSTILE[name]))


async def test_what_it_does_not_take_is_rejected(port: int) -> None:
    async with leaving(LOOPBACK) as egress:
        with pytest.raises(Rejected, match="400"):
            await egress.attempt(datetime.now(UTC)).send(
                "POST", f"http://127.0.0.1:{port}/api/v2/alerts", json=[{"labels": {}}]
            )
