"""A mail server on loopback that does what a test says, and keeps what it was sent."""

import asyncio
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP

from tests.egress.servers import streaming


@dataclass
class MailServer:
    """`replies`: verb → what is said instead of yes; HELLO is the greeting, DOT the end of a message."""

    replies: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    offers: tuple[str, ...] = ("AUTH PLAIN LOGIN", "STARTTLS")
    logins: list[str] = field(default_factory=list)
    envelopes: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    secure: list[bool] = field(default_factory=list)

    @property
    def last(self) -> EmailMessage:
        found = BytesParser(policy=SMTP).parsebytes(self.mails[-1])
        assert isinstance(found, EmailMessage)
        return found

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secure = False
        writer.write(f"{self.replies.get('HELLO', '220 mail.example')}\r\n".encode())
        while command := (await reader.readline()).decode().strip():
            verb = command.split()[0].upper()
            said = self.replies.get(verb) or self._say(verb, command)
            if verb == "EHLO" and said.startswith("250"):
                said = "\r\n".join(["250-mail.example", *(f"250-{each}" for each in self.offers), "250 8BITMIME"])
            writer.write(f"{said}\r\n".encode())
            if verb == "STARTTLS" and said.startswith("220"):
                assert self.tls is not None
                await writer.start_tls(self.tls)
                secure = True
            if verb == "DATA" and said.startswith("354"):
                self.mails.append((await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n."))
                self.secure.append(secure)
                writer.write(f"{self.replies.get('DOT', '250 queued as 42')}\r\n".encode())
            if verb == "QUIT" or said.startswith("421"):
                return

    def _say(self, verb: str, command: str) -> str:
        if verb == "AUTH":
            self.logins.append(b64decode(command.rsplit(maxsplit=1)[-1]).decode().replace("\0", " ").strip())
        if verb in {"MAIL", "RCPT"}:
            self.envelopes.append(command)
        known = {"DATA": "354 go on", "STARTTLS": "220 go on", "AUTH": "235 welcome", "QUIT": "221 bye"}
        return known.get(verb, "250 ok")


@asynccontextmanager
async def mail(server: MailServer) -> AsyncIterator[int]:
    async with streaming(server.serve) as port:
        yield port
