"""Any HTTP interface: method, address, headers and body are templates."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from reactions.document import document, encoded
from reactions.template import check, fill, in_address, in_header
from syncd.errors import Rejected
from syncd.notice import Notice
from syncd.plugin import Context, Receipt, Secret

Method = Annotated[str, Meta(pattern="^[A-Z]{1,20}$", description="a method such as POST")]
Status = Annotated[int, Meta(ge=200, le=599)]


class HttpSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """url       a template, all of which may be a secret; each value in it is encoded
    method    GET, POST, PUT …
    headers   name → template; Content-Type is application/json unless it is said here
    body      a template; "" for the whole notice as JSON
    secrets   name → secret: {{ secrets.name }} in the templates
    expected  statuses that mean: delivered; none for every 2xx

    In templates: `notice` (as docs/notice.schema.json), `secrets`, `attempt`.
    """

    url: Secret
    method: Method = "POST"
    headers: dict[str, str] = {}
    body: str = ""
    secrets: dict[str, Secret] = {}
    expected: tuple[Status, ...] = ()

    def __post_init__(self) -> None:
        check("url", self.url.reveal(), secret=True)
        check("body", self.body)
        for name, text in self.headers.items():
            check(f"headers.{name}", text)


class Http:
    name = "http"
    settings = HttpSettings
    most = 50
    apart = False
    every_item = False
    repeat = 0.0

    async def deliver(self, context: Context, settings: HttpSettings, notice: Notice) -> Receipt:
        secrets = {name: secret.reveal() for name, secret in settings.secrets.items()}
        values: dict[str, Any] = {"notice": document(notice), "secrets": secrets, "attempt": context.attempt}
        headers = {name: fill(f"headers.{name}", text, values, in_header) for name, text in settings.headers.items()}
        if "content-type" not in {name.lower() for name in headers}:
            headers["Content-Type"] = "application/json"
        reply = await context.send(
            settings.method,
            fill("url", settings.url.reveal(), values, in_address),
            headers=headers,
            body=fill("body", settings.body, values).encode() if settings.body else encoded(notice),
            secrets=[settings.url, *settings.secrets.values()],
            accept=settings.expected,
        )
        answer = f"{reply.status} {context.clean(reply.body.decode(errors='replace'))}".strip()
        if settings.expected and reply.status not in settings.expected:
            raise Rejected(f"answered {answer}, which is not expected")
        return Receipt(answer=answer)


reaction = Http()
