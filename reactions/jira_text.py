"""What an issue and its comments say: as a document for Jira Cloud, as text that is not formatted for Data Center."""

import re
from typing import Any

from reactions.texts import facts, fit, line, link, more, plain, report
from syncd.notice import Item, Notice

LARGEST = 30_000
"""Characters of a description or comment; Jira takes 32,767."""
_LINE = 400
_FENCE = re.compile(r"\{(?=noformat)", re.IGNORECASE)


def document(notice: Notice, most: int) -> dict[str, Any]:
    """Atlassian Document Format: text in it is shown as it stands."""
    shown = notice.items[:most]
    content = [_paragraph(text) for text in (notice.text, notice.description) if plain(text)]
    content.append(_list([[_text(f"{fit(key, 100)}: {fit(value, 300)}")] for key, value in facts(notice)]))
    if shown:
        content.append(_list([[_row(item)] for item in shown]))
    if left := more(notice, len(shown)):
        content.append(_paragraph(left))
    return {"type": "doc", "version": 1, "content": content}


def unformatted(notice: Notice, most: int) -> str:
    """Wiki text all of which is shown as it stands."""
    text = report(notice, limit=LARGEST, items=most)
    return f"{{noformat}}\n{_FENCE.sub('{ ', text)}\n{{noformat}}"


def _row(item: Item) -> dict[str, Any]:
    mark = {"marks": [{"type": "link", "attrs": {"href": link(item)}}]} if link(item) else {}
    return _text(fit(line(item), _LINE)) | mark


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text or "–"}


def _paragraph(text: str) -> dict[str, Any]:
    return {"type": "paragraph", "content": [_text(fit(text, 5_000, lines=True))]}


def _list(rows: list[list[dict[str, Any]]]) -> dict[str, Any]:
    items = [{"type": "listItem", "content": [{"type": "paragraph", "content": row}]} for row in rows]
    return {"type": "bulletList", "content": items}
