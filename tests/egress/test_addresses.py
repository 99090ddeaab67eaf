"""Only public addresses are dialled, and what [egress] allow names."""

import re

import pytest

from syncd.addresses import address, places, public, refusal
from tests.egress.hostile import HOSTILE

MORE = ("2001:db8::1", "::7f00:1", "fec0::1", "240.0.0.1", "255.255.255.255", "192.88.99.1", "198.18.0.1", "ff02::1")
GOOD = ("1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "192.0.1.1", "100.128.0.1")


@pytest.mark.parametrize("text", [*HOSTILE, *MORE])
def test_what_is_not_the_internet_is_refused(text: str) -> None:
    found = address(text)
    assert found is not None
    assert not public(found)
    assert "is not a public address" in refusal((), "sink.example", text, 443)


@pytest.mark.parametrize("text", GOOD)
def test_the_internet_is_not_refused(text: str) -> None:
    assert refusal((), "sink.example", text, 443) == ""


@pytest.mark.parametrize(
    ("entry", "host", "dialled", "port"),
    [
        ("10.0.0.0/8", "sink.example", "10.1.2.3", 443),
        ("10.1.2.3", "sink.example", "::ffff:10.1.2.3", 443),
        ("10.1.2.3:9093", "sink.example", "10.1.2.3", 9093),
        ("[fd00::1]:443", "sink.example", "fd00::1", 443),
        ("fd00::/8", "sink.example", "fd00::1%eth0", 443),
        ("alerts.internal", "Alerts.Internal.", "10.1.2.3", 443),
        ("alerts.internal:9093", "alerts.internal", "127.0.0.1", 9093),
    ],
)
def test_an_entry_allows_what_it_names(entry: str, host: str, dialled: str, port: int) -> None:
    assert refusal(places([entry]), host, dialled, port) == ""


@pytest.mark.parametrize(
    ("entry", "host", "dialled", "port"),
    [
        ("10.0.0.0/8", "sink.example", "192.168.0.1", 443),
        ("10.1.2.3:9093", "sink.example", "10.1.2.3", 9094),
        ("alerts.internal", "evil.example", "10.1.2.3", 443),
        ("alerts.internal", "sub.alerts.internal", "10.1.2.3", 443),
        ("alerts.internal:9093", "alerts.internal", "10.1.2.3", 443),
        ("0.0.0.0/0", "sink.example", "fe80::1", 443),
    ],
)
def test_an_entry_allows_nothing_else(entry: str, host: str, dialled: str, port: int) -> None:
    assert refusal(places([entry]), host, dialled, port)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("10.0.0.1/24", "10.0.0.0/24 was probably meant"),
        ("https://alerts.internal", "expected a network"),
        ("127.1", "expected a network"),
        ("alerts.internal:99999", "there is no port 99999"),
        ("", "expected a network"),
        ("*.internal", "expected a network"),
    ],
)
def test_an_entry_that_names_nothing_is_an_error(entry: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        places([entry])
