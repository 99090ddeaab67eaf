"""A mail server that is not ours: what it takes over STARTTLS and with a login, and what it refuses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from reactions.email import EmailSettings, reaction
from syncd.errors import DeliveryError, Rejected, Retry
from syncd.notice import Notice
from syncd.plugin import Receipt, Secret
from tests.egress.servers import LOOPBACK, NOW, Certificates, leaving
from tests.reactions.contract.notices import FIRING, RESOLVED

PASSWORD = "correct-horse-battery"


@dataclass
class Box:
    """What arrived. `full`: it takes nothing more."""

    mails: list[EmailMessage] = field(default_factory=list)
    full: str = ""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  its name
        if self.full:
            return self.full
        assert session.ssl is not None
        found = message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        return "250 2.0.0 taken"


@asynccontextmanager
async def smtp(box: Box, certificates: Certificates) -> AsyncIterator[int]:
    """It wants STARTTLS before a login, and a login before anything else."""

    def known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
        good = isinstance(given, LoginPassword) and given.password == PASSWORD.encode()
        return AuthResult(success=good, handled=False)

    def spoken() -> SMTP:
        return SMTP(
            box, tls_context=certificates.server(), require_starttls=True, authenticator=known, auth_required=True
        )

    server = await asyncio.get_running_loop().create_server(spoken, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def delivered(
    port: int, certificates: Certificates, notice: Notice, password: str = PASSWORD, first: Receipt | None = None
) -> Receipt:
    settings = EmailSettings(
        host="127.0.0.1",
        port=port,
        sender="Syncd <syncd@example.com>",
        to=("ops@example.com",),
        username="syncd",
        password=Secret(password),
        authority=certificates.file("authority"),
    )
    async with leaving(LOOPBACK) as egress:
        return await reaction.deliver(egress.attempt(NOW, 1, first.memory if first else {}), settings, notice)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


async def test_a_message_and_its_end_arrive_in_one_thread(certificates: Certificates) -> None:
    box = Box()
    async with smtp(box, certificates) as port:
        receipt = await delivered(port, certificates, FIRING)
        await delivered(port, certificates, replace(RESOLVED, id="msg_of_the_end"), first=receipt)
    first, second = box.mails
    assert "taken" in receipt.answer
    assert first["To"] == "ops@example.com"
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]
    assert second["In-Reply-To"] == first["Message-ID"] != second["Message-ID"]


@pytest.mark.parametrize(
    ("answer", "outcome"), [("452 4.2.2 full", Retry), ("550 5.7.1 not from you", Rejected)], ids=["later", "never"]
)
async def test_what_it_refuses_is_tried_again_or_not(
    certificates: Certificates, answer: str, outcome: type[DeliveryError]
) -> None:
    async with smtp(Box(full=answer), certificates) as port:
        with pytest.raises(outcome, match=answer):
            await delivered(port, certificates, FIRING)


async def test_a_wrong_password_is_mended_by_people_and_never_shown(certificates: Certificates) -> None:
    async with smtp(Box(), certificates) as port:
        with pytest.raises(Retry) as caught:
            await delivered(port, certificates, FIRING, "wrong-horse-battery")
    assert "wrong-horse" not in str(caught.value)
