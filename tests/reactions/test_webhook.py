"""webhook: signed as Standard Webhooks says, so that receivers can tell who sent it, and whether it came before."""

import gzip
import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from aiohttp import web

from reactions.document import document
from reactions.webhook import WebhookSettings, reaction, signature
from syncd.config_text import converted
from syncd.errors import Rejected, Retry
from syncd.notice import Notice
from syncd.plugin import Secret
from syncd.settings import EgressSettings
from tests.conftest import ROOT
from tests.egress.servers import LOOPBACK, NOW, Certificates, Sink, leaving, serving
from tests.reactions.contract.notices import FIRING, FORMS, HOSTILE
from tests.reactions.contract.points import secrets_in

OLD, NEW = ("whsec_" + b64encode(bytes([number]) * 32).decode() for number in (1, 2))
SCHEMA = json.loads((ROOT / "docs" / "notice.schema.json").read_text())


def receiver() -> Any:
    """`verified` as docs/reactions.md gives it to whoever writes a receiver."""
    page = (ROOT / "docs" / "reactions.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    found: dict[str, Any] = {}
    exec(example, found)
    return found["verified"]


async def delivered(url: str, notice: Notice = FIRING, egress: EgressSettings = LOOPBACK, **more: Any) -> str:
    settings, wrong = converted({"url": url, "secrets": [NEW], **more}, WebhookSettings)
    assert not wrong, wrong
    async with leaving(egress) as way:
        receipt = await reaction.deliver(way.attempt(NOW, 1, {}, secrets_in(settings)), settings, notice)
    return receipt.answer


async def taken(notice: Notice = FIRING, **more: Any) -> list[tuple[web.Request, bytes]]:
    """What a receiver gets; aiohttp's server unpacks what is compressed, as many do."""
    sink = Sink()
    async with serving(sink) as url:
        await delivered(url, notice, **more)
    return sink.requests


@pytest.mark.parametrize("compression", ["none", "gzip"])
async def test_the_receiver_of_the_documentation_believes_what_is_signed_and_nothing_else(compression: str) -> None:
    verified = receiver()
    ((request, body),) = await taken(HOSTILE, compression=compression)
    now = NOW.timestamp()
    assert verified(request.headers, body, NEW, now)["id"] == HOSTILE.id
    assert request.headers.get("Content-Encoding") == (None if compression == "none" else "gzip")
    for headers, said, secret, when in (
        (request.headers, body + b" ", NEW, now),
        (request.headers, body, OLD, now),
        (request.headers, body, NEW, now + 301),
        ({**request.headers, "webhook-id": "msg_other"}, body, NEW, now),
    ):
        with pytest.raises(ValueError, match=r"not from syncd|too old"):
            verified(headers, said, secret, when)


async def test_while_keys_are_changed_receivers_of_either_key_believe_it() -> None:
    verified = receiver()
    ((request, body),) = await taken(secrets=[NEW, OLD])
    for secret in (OLD, NEW):
        assert verified(request.headers, body, secret, NOW.timestamp())["id"] == FIRING.id


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example with which Standard Webhooks' own libraries are tested."""
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = signature([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("form", sorted(FORMS))
async def test_what_is_sent_is_as_the_schema_says(form: str) -> None:
    ((request, body),) = await taken(FORMS[form])
    assert request.content_type == "application/json"
    jsonschema.validate(json.loads(body), SCHEMA)
    assert json.loads(body) == document(FORMS[form])


def test_the_schema_names_every_key_and_no_other() -> None:
    found = document(FIRING)
    assert found.keys() == SCHEMA["properties"].keys() == set(SCHEMA["required"])
    item = SCHEMA["$defs"]["item"]
    assert found["items"][0].keys() == item["properties"].keys() == set(item["required"])
    assert all("description" in each for each in [*SCHEMA["properties"].values(), *item["properties"].values()])


async def test_each_item_can_be_a_request_with_an_id_of_its_own() -> None:
    requests = await taken(items="each")
    assert [request.headers["webhook-id"] for request, _ in requests] == [f"{FIRING.id}_7", f"{FIRING.id}_10"]
    assert [[item["event"] for item in json.loads(body)["items"]] for _, body in requests] == [[7], [10]]


async def test_what_is_compressed_is_compressed() -> None:
    sink = Sink()
    async with serving(sink) as url:
        await delivered(url, compression="gzip")
    assert int(sink.requests[0][0].headers["Content-Length"]) == len(gzip.compress(sink.requests[0][1], mtime=0))


async def test_a_receiver_that_is_gone_for_good_is_not_asked_again() -> None:
    async with serving(Sink([web.Response(status=410)])) as url:
        with pytest.raises(Rejected, match="answered 410"):
            await delivered(url)


async def test_both_ends_can_show_certificates_of_an_own_authority(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    own: dict[str, Any] = {"authority": certificates.file("authority"), "certificate": certificates.file("client")}
    async with serving(Sink([web.Response(text="hello")]), certificates.server(asks=True)) as url:
        assert await delivered(url, **own) == "200 hello"
        with pytest.raises(Retry):
            await delivered(url, authority=own["authority"])
        with pytest.raises(Retry, match="TLS: the certificate is not valid"):
            await delivered(url, certificate=own["certificate"])


async def test_a_certificate_that_cannot_be_read_can_be_mended() -> None:
    with pytest.raises(Retry, match="authority, certificate or key cannot be used: No such file"):
        await delivered("https://127.0.0.1/", certificate="/no/such/file.pem")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"url": "hooks.example.com"}, "url: expected an address"),
        ({"secrets": []}, "secrets"),
        ({"secrets": ["whsec_c2hvcnQ="]}, "24 to 64 bytes in base64"),
        ({"secrets": ["not base64 at all, but long enough to be"]}, "24 to 64 bytes in base64"),
        ({"key": "/a.pem"}, "there is no certificate"),
        ({"authority": "a.pem"}, "absolute path"),
    ],
)
def test_what_cannot_be_used_is_an_error_of_the_configuration(more: dict[str, Any], said: str) -> None:
    _, wrong = converted({"url": "https://hooks.example.com/", "secrets": [NEW], **more}, WebhookSettings)
    told = " ".join(each.key("target") + each.text for each in wrong)
    assert said in told
    assert "long enough" not in told
