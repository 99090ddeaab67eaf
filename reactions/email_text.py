"""A notice as an e-mail: the same bytes on every attempt, and nothing in its head but what belongs there."""

import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

from reactions.texts import colour, facts, fit, heading, line, link, more, plain, report
from syncd.notice import Item, Notice

ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
MAILBOX = rf"[^<>@\",;:\\\x00-\x1f\x7f]+<{ADDRESS}>"
_LARGEST = 100_000
_MOST = 50


def message(sender: str, to: Sequence[str], notice: Notice, first: str) -> EmailMessage:
    """`first`: the Message-ID of the incident's first message, "" for that one itself."""
    domain = mailbox(sender).domain
    thread = f"<incident.{_word(notice.incident)}@{domain}>"
    mail = EmailMessage(policy=SMTP)
    mail["From"] = mailbox(sender)
    mail["To"] = [mailbox(each) for each in to]
    mail["Subject"] = fit(heading(notice), 200) or "syncd"
    mail["Date"] = datetime.fromisoformat(notice.at)
    mail["Message-ID"] = f"<{_word(notice.id)}@{domain}>"
    if first:
        mail["In-Reply-To"] = first
    mail["References"] = (
        f"{thread} {first}".strip()
    )  # mail programs join what has an ancestor in common, even one unseen
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(report(notice, limit=_LARGEST, items=_MOST) + "\n")
    mail.add_alternative(page(notice), subtype="html")
    mail.set_boundary(f"syncd-{_word(notice.id)}")
    return mail


def mailbox(text: str) -> Address:
    named = re.fullmatch(rf"(?P<name>[^<]*)<(?P<address>{ADDRESS})>", text)
    return Address(named["name"].strip(), addr_spec=named["address"]) if named else Address(addr_spec=text)


def page(notice: Notice) -> str:
    """HTML without anything that would be fetched or run."""
    shown = notice.items[:_MOST]
    texts = (plain(text, lines=True) for text in (notice.text, notice.description))
    title = escape(fit(heading(notice), 200))
    parts = [
        f'<h3 style="border-left:6px solid #{colour(notice):06x};padding-left:8px">{title}</h3>',
        *(f"<p>{escape(fit(text, 5_000, lines=True)).replace(chr(10), '<br>')}</p>" for text in texts if text),
        f"<table>{''.join(_row(key, value) for key, value in facts(notice))}</table>",
        f"<ul>{''.join(map(_item, shown))}</ul>" if shown else "",
        f"<p>{escape(more(notice, len(shown)))}</p>" if more(notice, len(shown)) else "",
    ]
    return f'<html><body style="font-family:sans-serif">{"".join(parts)}</body></html>\n'


def _row(key: str, value: str) -> str:
    return f"<tr><td><b>{escape(fit(key, 100))}</b></td><td>{escape(fit(value, 500))}</td></tr>"


def _item(item: Item) -> str:
    text = escape(fit(line(item), 500))
    return f'<li><a href="{escape(link(item))}">{text}</a></li>' if link(item) else f"<li>{text}</li>"


def _word(text: str) -> str:
    """What may stand before the @ of a Message-ID."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)
