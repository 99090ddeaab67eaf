"""Any receiver of Standard Webhooks: the whole notice as JSON, signed (https://www.standardwebhooks.com)."""

import asyncio
import binascii
import gzip
import hmac
import ssl
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Annotated, Literal

from msgspec import Meta, Struct

from reactions.document import encoded
from syncd.errors import Retry
from syncd.notice import Notice
from syncd.plugin import Context, Receipt, Secret

_PREFIX = "whsec_"
File = Annotated[str, Meta(pattern="^($|/)", description='the absolute path of a PEM file, or ""')]


class WebhookSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """url          where to post; all of it may be a secret
    secrets      what signs: whsec_ and 24 to 64 bytes in base64; several while keys are changed
    headers      sent as well, such as an Authorization
    items        "together": a notice is one request; "each": every item is a request with an id of its own
    compression  "gzip" where the receiver unpacks it; what is signed is what is unpacked
    authority    whose certificates are believed instead of the system's authorities
    certificate  shown to the receiver; may hold the key as well
    key          of the certificate, where it has a file of its own
    """

    url: Secret
    secrets: Annotated[tuple[Secret, ...], Meta(min_length=1)]
    headers: dict[str, Secret] = {}
    items: Literal["together", "each"] = "together"
    compression: Literal["none", "gzip"] = "none"
    authority: File = ""
    certificate: File = ""
    key: File = ""

    def __post_init__(self) -> None:
        if not self.url.reveal().startswith(("https://", "http://")):
            raise ValueError("url: expected an address such as https://example.com/hook")
        for secret in self.secrets:
            signing_key(secret)
        if self.key and not self.certificate:
            raise ValueError("key: there is no certificate that it belongs to")


class Webhook:
    name = "webhook"
    settings = WebhookSettings
    most = 100
    apart = False
    every_item = True
    repeat = 0.0

    async def deliver(self, context: Context, settings: WebhookSettings, notice: Notice) -> Receipt:
        tls = await asyncio.to_thread(_tls, settings)
        answer = ""
        for each in messages(notice, settings):
            body = encoded(each)
            headers = {"Content-Type": "application/json"}
            headers |= {name: value.reveal() for name, value in settings.headers.items()}
            headers |= signature(settings.secrets, each.id, int(context.now.timestamp()), body)
            if settings.compression == "gzip":
                headers["Content-Encoding"] = "gzip"
                body = gzip.compress(body, mtime=0)
            secrets = [settings.url, *settings.secrets, *settings.headers.values()]
            reply = await context.send(
                "POST", settings.url.reveal(), headers=headers, body=body, secrets=secrets, tls=tls
            )
            answer = f"{reply.status} {context.clean(reply.body.decode(errors='replace'))}".strip()
        return Receipt(answer=answer)


def messages(notice: Notice, settings: WebhookSettings) -> Iterator[Notice]:
    """What is a request each. Ids of parts are the same on every attempt, too."""
    if settings.items == "together" or not notice.items:
        yield notice
        return
    for item in notice.items:
        yield replace(notice, id=f"{notice.id}_{item.event}", items=(item,))


def signature(secrets: Iterable[Secret], number: str, timestamp: int, body: bytes) -> dict[str, str]:
    """One signature for each secret: a receiver takes the message when it knows any of them."""
    signed = f"{number}.{timestamp}.".encode() + body
    digests = (hmac.digest(signing_key(secret), signed, "sha256") for secret in secrets)
    return {
        "webhook-id": number,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{b64encode(digest).decode()}" for digest in digests),
    }


def signing_key(secret: Secret) -> bytes:
    """Raises ValueError, without the value."""
    try:
        found = b64decode(secret.reveal().removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        found = b""
    if not 24 <= len(found) <= 64:
        raise ValueError("secrets: expected whsec_ and 24 to 64 bytes in base64, such as openssl rand -base64 32 makes")
    return found


def _tls(settings: WebhookSettings) -> ssl.SSLContext | None:
    """Read for each attempt, so that renewed files are used. None: the usual authorities, no certificate of our own."""
    if not (settings.authority or settings.certificate):
        return None
    try:
        context = ssl.create_default_context(cafile=settings.authority or None)
        if settings.certificate:
            context.load_cert_chain(settings.certificate, settings.key or None, password="")
    except OSError as error:
        raise Retry(f"authority, certificate or key cannot be used: {error.strerror or error}") from None
    return context


reaction = Webhook()
