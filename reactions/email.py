"""E-mail by SMTP: text and HTML, one thread for each incident, over TLS unless the target says otherwise."""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Literal

import aiosmtplib
from msgspec import Meta, Struct

from reactions.email_text import ADDRESS, MAILBOX, message
from syncd.errors import DeliveryError, Rejected, Retry
from syncd.notice import Notice
from syncd.plugin import Context, Receipt, Secret

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_MENDED_BY_PEOPLE = frozenset({530, 534, 535, 538})  # login or TLS is wanted, or the login is wrong

Mailbox = Annotated[
    str, Meta(pattern=f"^({MAILBOX}|{ADDRESS})$", description="ops@example.com or Ops <ops@example.com>")
]
File = Annotated[str, Meta(pattern="^($|/)", description='the absolute path of a PEM file, or ""')]


class EmailSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """host, port          of the mail server; port 0 is 587, 465 or 25 by `security`
    security            "starttls": nothing is sent without it; "tls": from the first byte; "none": all can read it
    username, password  for servers that want a login; never sent without TLS
    sender, to          ops@example.com or Ops <ops@example.com>
    authority           a PEM file: whose certificates are believed instead of the system's authorities
    timeout_seconds     for all of a delivery
    """

    host: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]+$", description="a host's name or address")]
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: Secret | None = None
    sender: Mailbox
    to: Annotated[tuple[Mailbox, ...], Meta(min_length=1)]
    authority: File = ""
    timeout_seconds: Annotated[float, Meta(gt=0, le=300)] = 30.0

    def __post_init__(self) -> None:
        if self.security == "none" and self.password is not None:
            raise ValueError(
                'password: would be sent so that everybody on the way reads it: security must not be "none"'
            )
        if (self.password is None) != (not self.username):
            raise ValueError("username and password: expected both or neither")


class Email:
    name = "email"
    settings = EmailSettings
    most = 50
    apart = False
    every_item = False
    repeat = 0.0

    async def deliver(self, context: Context, settings: EmailSettings, notice: Notice) -> Receipt:
        """The first message of an incident is remembered: the others answer it."""
        mail = message(settings.sender, settings.to, notice, context.memory.get("first", ""))
        try:
            async with asyncio.timeout(settings.timeout_seconds):
                client = await _connected(context, settings)
                try:
                    refused, said = await client.send_message(mail)
                    with suppress(aiosmtplib.SMTPException):
                        await client.quit()
                finally:
                    client.close()
        except TimeoutError:
            raise Retry(f"{settings.host}: took more than {settings.timeout_seconds:g} s") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _outcome(context, settings, error) from None
        left = [f"{context.clean(who)} was refused: {_words(context, *why)}" for who, why in refused.items()]
        memory = {"first": context.memory.get("first") or mail["Message-ID"]}
        return Receipt(memory, "; ".join([context.clean(said), *left]))


async def _connected(context: Context, settings: EmailSettings) -> aiosmtplib.SMTP:
    """The socket comes from the host: it alone decides which addresses may be reached."""
    tls = await asyncio.to_thread(_tls, settings) if settings.security != "none" else None
    sock = await context.connect(settings.host, settings.port or _PORTS[settings.security])
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        local_hostname=_own_name(sock),
        sock=sock,
        use_tls=settings.security == "tls",
        start_tls=settings.security == "starttls",
        tls_context=tls,
        username=settings.username or None,
        password=settings.password.reveal() if settings.password else None,
        timeout=settings.timeout_seconds,
    )
    await client.connect()  # from here on the socket is its own: closed by it, whatever happens
    return client


def _own_name(sock: socket.socket) -> str:
    """How we greet: by name where that is one of the network, else by address; without asking DNS."""
    name = socket.gethostname()
    if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", name):
        return name
    own = sock.getsockname()[0].partition("%")[0]
    return f"[IPv6:{own}]" if ":" in own else f"[{own}]"


def _tls(settings: EmailSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.authority or None)
    except OSError as error:
        raise Retry(f"authority cannot be used: {error.strerror or error}") from None


def _outcome(context: Context, settings: EmailSettings, error: Exception) -> DeliveryError:
    """What is said of the message itself may be final; what is said of us is not."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            said = getattr(cause, "verify_message", "") or (cause.reason or "the handshake failed").lower()
            return Retry(f"{settings.host}: TLS: {said.replace('_', ' ')}")
    answers = _answers(error)
    said = "; ".join(_words(context, code, words) for code, words in answers)
    reason = f"{settings.host}: {said or _plainly(error)}"
    of_message = isinstance(
        error, aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPRecipientsRefused | aiosmtplib.SMTPDataError
    )
    final = of_message and all(code >= 500 and code not in _MENDED_BY_PEOPLE for code, _ in answers)
    return Rejected(reason) if final else Retry(reason)


def _answers(error: Exception) -> list[tuple[int, str]]:
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return [(each.code, each.message) for each in error.recipients]
        case aiosmtplib.SMTPResponseException():
            return [(error.code, error.message)]
    return []


def _words(context: Context, code: int, said: str) -> str:
    return f"{code} {context.clean(said)}"


def _plainly(error: Exception) -> str:
    """Errors of the library quote what was sent."""
    match error:
        case aiosmtplib.SMTPServerDisconnected():
            return "the connection was closed"
        case aiosmtplib.SMTPTimeoutError():
            return "no answer in time"
        case aiosmtplib.SMTPNotSupported() | aiosmtplib.SMTPException():
            return "the server does not offer what is needed: STARTTLS, a way to log in, or SMTP at all"
    return f"the connection broke ({type(error).__name__})"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


reaction = Email()
