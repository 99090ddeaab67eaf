"""email: one message a notice, in the thread of its incident, over TLS, and never on behalf of anybody else."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from reactions.email import EmailSettings, reaction
from reactions.email_text import message
from syncd.config_text import converted
from syncd.errors import DeliveryError, Rejected, Retry
from syncd.notice import Notice
from syncd.plugin import Receipt
from syncd.settings import EgressSettings
from tests.egress.servers import LOOPBACK, NOW, Certificates, Names, leaving, streaming
from tests.reactions.contract.notices import FIRING, FORMS, HOSTILE, RESOLVED
from tests.reactions.contract.points import CANARY, secrets_in
from tests.reactions.mail import MailServer, mail


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


def plainly(port: int, **more: Any) -> EmailSettings:
    table = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "Syncd <syncd@example.com>"}
    settings, wrong = converted(table | {"to": ["ops@example.com"], "timeout_seconds": 2.0} | more, EmailSettings)
    assert not wrong, wrong
    assert isinstance(settings, EmailSettings)
    return settings


def safely(port: int, certificates: Certificates, security: str = "starttls") -> EmailSettings:
    login = {"username": "syncd", "password": CANARY}
    return plainly(port, security=security, authority=certificates.file("authority"), **login)


async def delivered(
    settings: EmailSettings, notice: Notice = FIRING, memory: dict[str, str] | None = None, egress: Any = LOOPBACK
) -> Receipt:
    async with leaving(egress) as way:
        return await reaction.deliver(way.attempt(NOW, 1, memory, secrets_in(settings)), settings, notice)


async def failed(server: MailServer, certificates: Certificates | None = None, **more: Any) -> DeliveryError:
    async with mail(server) as port:
        settings = safely(port, certificates) if certificates else plainly(port, **more)
        with pytest.raises(DeliveryError) as caught:
            await delivered(settings)
    assert CANARY not in caught.value.reason
    assert caught.value.reason.isprintable()
    return caught.value


@pytest.mark.parametrize("form", sorted(FORMS))
async def test_a_notice_of_any_form_is_a_message_of_text_and_html(form: str) -> None:
    server = MailServer()
    async with mail(server) as port:
        receipt = await delivered(plainly(port), FORMS[form])
    assert receipt.answer.endswith("queued as 42")
    assert [part.get_content_type() for part in server.last.iter_parts()] == ["text/plain", "text/html"]
    assert server.last["From"] == "Syncd <syncd@example.com>"
    assert server.envelopes[0].startswith("MAIL FROM:<syncd@example.com>")
    assert server.envelopes[1:] == ["RCPT TO:<ops@example.com>"]


async def test_people_read_what_it_is_about() -> None:
    server = MailServer()
    async with mail(server) as port:
        await delivered(plainly(port))
    assert server.last["Subject"] == "[ERROR] 2 buckets are public"
    for part in server.last.iter_parts():
        content = part.get_content()
        assert "Anybody can read them." in content
        assert "bucket data is public" in content
        assert "https://s3.console.aws.amazon.com/s3/buckets/data" in content


async def test_hostile_words_put_nothing_into_head_or_page() -> None:
    server = MailServer()
    async with mail(server) as port:
        await delivered(plainly(port), HOSTILE)
    head, _, _ = server.mails[0].partition(b"\r\n\r\n")
    assert b"\nBcc" not in head
    assert all(len(line) <= 998 for line in server.mails[0].split(b"\r\n"))
    names = {line.split(b":")[0] for line in head.split(b"\r\n") if line[:1].strip()}
    assert names == {b"From", b"To", b"Subject", b"Date", b"Message-ID", b"References", b"Auto-Submitted"} | {
        b"MIME-Version",
        b"Content-Type",
    }
    html = server.last.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()
    assert not re.search(r"href=\"(?!https://)", html.get_content())


async def test_the_messages_of_an_incident_are_one_thread() -> None:
    server = MailServer()
    async with mail(server) as port:
        receipt = await delivered(plainly(port))
        first = server.last
        again = await delivered(plainly(port), RESOLVED, dict(receipt.memory))
        second = server.last
    assert receipt.memory == again.memory == {"first": first["Message-ID"]}
    assert first["Message-ID"] == f"<{FIRING.id}@example.com>"
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["References"].split()[0] == first["References"]


def test_each_attempt_is_the_same_message() -> None:
    one, two = (message("syncd@example.com", ["ops@example.com"], HOSTILE, "").as_bytes() for _ in range(2))
    assert one == two


async def test_starttls_comes_before_login_and_message(certificates: Certificates) -> None:
    server = MailServer(tls=certificates.server())
    async with mail(server) as port:
        await delivered(safely(port, certificates))
    assert server.secure == [True]
    assert server.logins == [f"syncd {CANARY}"]


async def test_tls_can_be_spoken_from_the_first_byte(certificates: Certificates) -> None:
    server = MailServer(offers=("AUTH PLAIN",))
    async with streaming(server.serve, certificates.server()) as port:
        await delivered(safely(port, certificates, "tls"))
    assert len(server.mails) == 1


async def test_a_server_that_offers_no_starttls_gets_neither_login_nor_message(certificates: Certificates) -> None:
    server = MailServer(offers=("AUTH PLAIN LOGIN",))
    error = await failed(server, certificates)
    assert isinstance(error, Retry)
    assert "STARTTLS" in error.reason
    assert (server.logins, server.mails) == ([], [])


async def test_a_certificate_that_is_not_valid_ends_the_attempt_by_name(
    certificates: Certificates, tmp_path: Path
) -> None:
    server = MailServer(tls=Certificates(tmp_path).server())
    error = await failed(server, certificates)
    assert isinstance(error, Retry)
    assert "TLS: " in error.reason
    assert (server.logins, server.mails) == ([], [])


@pytest.mark.parametrize(
    ("verb", "reply", "outcome"),
    [
        ("HELLO", "554 no service", Retry),
        ("HELLO", "421 later", Retry),
        ("EHLO", "502 what", Retry),
        ("MAIL", "451 later", Retry),
        ("MAIL", "530 log in first", Retry),
        ("MAIL", "550 not you", Rejected),
        ("RCPT", "450 busy", Retry),
        ("RCPT", "550 nobody here", Rejected),
        ("DATA", "554 no", Rejected),
        ("DOT", "452 full", Retry),
        ("DOT", "554 spam", Rejected),
        ("DOT", "421 going down", Retry),
    ],
)
async def test_what_the_server_says_of_the_message_may_be_final(
    verb: str, reply: str, outcome: type[DeliveryError]
) -> None:
    refusals = {verb: reply} | ({"HELO": reply} if verb == "EHLO" else {})
    error = await failed(MailServer(refusals))
    assert type(error) is outcome
    assert reply[:3] in error.reason


async def test_a_login_that_is_refused_can_be_mended(certificates: Certificates) -> None:
    error = await failed(MailServer({"AUTH": f"535 wrong: {CANARY}"}, certificates.server()), certificates)
    assert isinstance(error, Retry)
    assert "535 wrong: ***" in error.reason


async def test_recipients_that_are_refused_do_not_keep_the_others_from_theirs() -> None:
    class Picky(MailServer):
        def _say(self, verb: str, command: str) -> str:
            return "550 nobody here" if "gone@" in command else super()._say(verb, command)

    server = Picky()
    async with mail(server) as port:
        receipt = await delivered(plainly(port, to=["gone@example.com", "ops@example.com"]))
    assert receipt.answer.endswith("gone@example.com was refused: 550 nobody here")
    assert len(server.mails) == 1


async def test_a_server_that_ends_after_taking_the_message_has_taken_it() -> None:
    server = MailServer({"QUIT": "421 bye"})
    async with mail(server) as port:
        assert (await delivered(plainly(port))).answer.endswith("queued as 42")


async def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with streaming(silence) as port:
        with pytest.raises(Retry, match=r"127\.0\.0\.1: (took more than|no answer)"):
            await delivered(plainly(port, timeout_seconds=0.2))


async def test_mail_goes_only_where_addresses_are_allowed() -> None:
    server = MailServer()
    async with mail(server) as port:
        with pytest.raises(Retry, match="is not a public address"):
            await delivered(plainly(port), egress=EgressSettings())
        async with leaving(EgressSettings(), Names({"mail.example": ["127.0.0.1"]})) as way:
            with pytest.raises(Retry, match="is not a public address"):
                await reaction.deliver(way.attempt(NOW), plainly(port, host="mail.example"), FIRING)
    assert server.envelopes == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"password": CANARY, "username": "a"}, 'security must not be "none"'),
        ({"security": "tls", "username": "a"}, "expected both or neither"),
        ({"sender": "a@example.com\nBcc: b@example.com"}, "expected ops@example.com or"),
        ({"to": ["nobody"]}, "expected ops@example.com or"),
        ({"to": []}, "to"),
        ({"host": "mail example"}, "a host's name"),
    ],
)
def test_what_cannot_be_sent_is_an_error_of_the_configuration(more: dict[str, Any], said: str) -> None:
    table = {"host": "127.0.0.1", "security": "none", "sender": "syncd@example.com", "to": ["ops@example.com"]}
    _, wrong = converted(table | more, EmailSettings)
    told = " ".join(each.key("target") + each.text for each in wrong)
    assert said in told
    assert CANARY not in told
