"""What people read: every kind with its operation and permission, and every list that is left out with the reason."""

from collections.abc import Iterable, Iterator

from collectors.aws.deriving.kinds import Service
from collectors.aws.entries import Catalog, KindEntry
from collectors.aws.permissions import permission

_MADE = "<!-- Made by `make catalog`: written again with each run. -->"


_HEAD = f"""# AWS kinds

{_MADE}

{{kinds}} kinds of {{services}} services: {{curated}} curated, that people have written, and {{derived}} derived from
AWS's own models. Curated ones are read unless the configuration says otherwise; derived ones where `[aws] kinds` is
`"all"` or names them ([aws.md](aws.md#derived-kinds)). A kind in front of an operation: it is asked once for each
resource of that kind.

| kind | operation | permission | base kinds | by |
|---|---|---|---|---|"""


def kinds_page(catalog: Catalog) -> str:
    entries = sorted(catalog.kinds.values(), key=lambda entry: (entry.call.service, entry.kind))
    services = {entry.call.service for entry in entries}
    derived = sum(entry.derived for entry in entries)
    head = _HEAD.format(kinds=len(entries), services=len(services), curated=len(entries) - derived, derived=derived)
    return "\n".join([head, *(_row(entry, catalog) for entry in entries), ""])


def _row(entry: KindEntry, catalog: Catalog) -> str:
    above = f"`{entry.parent.kind}` / " if entry.parent is not None else ""
    bases = ", ".join((*entry.bases, "aws_resource"))
    by = "derived" if entry.derived else "curated"
    return f"| `{entry.kind}` | {above}{entry.call} | `{permission(catalog, entry.call)}` | {bases} | {by} |"


def left_out_page(services: Iterable[Service]) -> str:
    reasons: dict[str, dict[str, list[str]]] = {}
    count = 0
    for service in services:
        for operation, reason in service.left_out.items():
            general, _, special = (
                reason.partition(": ") if reason.startswith(("needs ", "the same things as ")) else ("", "", "")
            )
            shown = operation if not special else f"{operation} ({special})"
            reasons.setdefault(general or reason, {}).setdefault(service.name, []).append(shown)
            count += 1
    return "\n".join([*_left_out_head(count), *_left_out(reasons)])


def _left_out_head(count: int) -> Iterator[str]:
    yield "# Lists of AWS that no kind is made of"
    yield ""
    yield _MADE
    yield ""
    yield f"{count} operations that answer with a list, by the reason. The reasons are rules and names in"
    yield "`collectors/aws/deriving/rules.toml`; what is left out wrongly is named there under `kept`, or becomes"
    yield "curated."
    yield ""


def _left_out(reasons: dict[str, dict[str, list[str]]]) -> Iterator[str]:
    for reason in sorted(reasons, key=lambda reason: (-sum(map(len, reasons[reason].values())), reason)):
        services = reasons[reason]
        yield f"## {reason[0].upper()}{reason[1:]} ({sum(map(len, services.values()))})"
        yield ""
        for service in sorted(services):
            yield f"- {service}: {', '.join(sorted(services[service]))}"
        yield ""
