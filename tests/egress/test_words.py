"""What is told of a request holds no secret, whichever way a target writes it back."""

import base64
import html
import json
import time
from urllib.parse import quote, quote_plus

import pytest

from syncd.egress.words import LONGEST, Cleaner, address_secrets, header_secrets
from syncd.plugin import Secret

CANARY = 'c4n/ry+"<&ü:s3cr3t'


@pytest.mark.parametrize(
    "form",
    [
        CANARY,
        quote(CANARY, safe=""),
        quote(CANARY),
        quote_plus(CANARY),
        json.dumps(CANARY)[1:-1],
        json.dumps(CANARY)[1:-1].replace("/", "\\/"),
        html.escape(CANARY),
        base64.b64encode(CANARY.encode()).decode(),
    ],
)
def test_a_secret_is_taken_out_in_every_form(form: str) -> None:
    assert Cleaner([Secret(CANARY)])(f"no such thing: {form}.") == "no such thing: ***."


def test_of_a_secret_address_nothing_after_the_host_is_told() -> None:
    clean = Cleaner([Secret("https://user:pa55word@hooks.example/services/T0001/longcanary?token=canary42")])
    told = clean("/services/T0001/longcanary, longcanary, canary42, pa55word at hooks.example")
    assert told == "***, ***, ***, *** at hooks.example"


def test_of_any_other_address_words_are_told_and_what_may_be_a_secret_is_not() -> None:
    clean = Cleaner(address_secrets("https://alerts.example/api/alerts/0123456789abcdef?key=canary42"))
    assert clean("no alerts for 0123456789abcdef and canary42") == "no alerts for *** and ***"
    assert clean("GET /api/alerts/0123456789abcdef?key=canary42") == "GET ***"


def test_credentials_in_headers_are_secrets_by_their_names() -> None:
    headers = {"Authorization": "Custom canary-1", "X-Api-Key": "canary-2", "Content-Type": "text/plain"}
    assert Cleaner(header_secrets(headers))("canary-1 canary-2 text/plain") == "*** *** text/plain"


def test_it_is_one_short_line() -> None:
    told = Cleaner([])("a\r\nb\x00\x1b[31m \u2028" + "c" * 1000)
    assert told.startswith("a b [31m c")
    assert (len(told), told[-1]) == (LONGEST, "…")


def test_a_secret_is_not_half_told_where_the_line_is_cut() -> None:
    clean = Cleaner([Secret("canary" * 20)])
    assert "canary" not in clean("x" * (LONGEST - 10) + "canary" * 20)


@pytest.mark.parametrize("text", ["a-" * 32_768, "secret" * 10_000, "://a:" * 13_000])
def test_a_hostile_answer_keeps_nobody_busy(text: str) -> None:
    begun = time.process_time()
    Cleaner([Secret(CANARY)])(text)
    assert time.process_time() - begun < 0.5
