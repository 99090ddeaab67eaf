"""Resources and the edges between them as text for Graphviz. Pure: the same picture gives the same text."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from syncd.cli.encoding import escaped

if TYPE_CHECKING:
    from syncd.cli.graph import Item
    from syncd.search.links import Link

Bases = Mapping[str, Collection[str]]

MOST = 200
"""Nodes in one picture: nobody finds anything among more."""
LONGEST = 34
"""Characters of a name in a box; the tooltip has all of it."""
LONGEST_TITLE = 120
HEAD = """\
digraph syncd {
  graph [rankdir=LR, nodesep=0.22, ranksep=0.75, pad=0.3, bgcolor=white, fontname="Helvetica,Arial,sans-serif",
         fontsize=11, fontcolor="#5f6b76", labelloc=b, labeljust=l];
  node [shape=box, style="rounded,filled", penwidth=1.2, margin="0.18,0.1", height=0.45, fontsize=11,
        fontname="Helvetica,Arial,sans-serif", fontcolor="#1c2226"];
  edge [color="#9aa5b1", fontcolor="#7b8794", fontsize=8, fontname="Helvetica,Arial,sans-serif", arrowsize=0.6];
"""
FAMILIES = {
    "compute": (
        "instance serverless_function autoscaling_group container_cluster managed_kubernetes_cluster_provider "
        "instance_type workflow_definition"
    ),
    "storage": "volume snapshot image bucket network_share container_repository backup_vault backup_plan",
    "network": (
        "network subnet gateway routing_table network_acl peering_connection endpoint network_interface load_balancer "
        "target_group ip_address dns_zone dns_record_set tunnel"
    ),
    "data": "database cache_cluster queue topic stream",
    "guard": "firewall security_group key keypair secret certificate access_key",
    "identity": "iam_principal user group policy role instance_profile identity_provider",
    "place": "cloud account region zone organizational_root organizational_unit",
}
COLOURS = {
    "compute": ("#E69F00", "#FCECCC"),
    "storage": ("#009E73", "#CCECE3"),
    "network": ("#56B4E9", "#DDF0FB"),
    "data": ("#0072B2", "#CCE3F0"),
    "guard": ("#D55E00", "#F9DFCC"),
    "identity": ("#CC79A7", "#F5E4ED"),
    "place": ("#B3A500", "#FCFAD9"),
    "": ("#8C96A0", "#ECEEF0"),
}
"""Border and filling, after the palette of Okabe and Ito, which the colour-blind can tell apart."""
_FAMILY = {base: family for family, bases in FAMILIES.items() for base in bases.split()}


@dataclass(frozen=True, slots=True)
class Legend:
    """What a picture goes by. `bases`: kind → its base kinds, which choose the colour. `accounts`: id → name.

    `first`: the key of the node to draw boldly.
    """

    bases: Bases
    accounts: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    first: int | None = None


def drawing(items: Sequence["Item"], links: Iterable["Link"], legend: Legend) -> str:
    """The text of a picture: at most MOST items, with a note where there are more."""
    shown = items[:MOST]
    numbers = {item.key: number for number, item in enumerate(shown)}
    arrows = _arrows(links, numbers)
    lonely = set(numbers.values()) - {end for pair in arrows for end in pair}
    lines = [_title(legend.title, len(shown), len(items))]
    lines += _accounts(shown, numbers, legend, lonely)
    lines += (_arrow(src, dst, types) for (src, dst), types in arrows.items())
    return f"{HEAD}{''.join(f'  {line}{chr(10)}' for line in lines)}}}\n"


def _title(title: str, shown: int, found: int) -> str:
    note = f"the first {shown:,} of {found:,} resources" if shown < found else ""
    return f"label={quoted(' · '.join(filter(None, (_short(title, LONGEST_TITLE), note))))};"


def _arrows(links: Iterable["Link"], numbers: Mapping[int, int]) -> dict[tuple[int, int], list[str]]:
    """Edges with the same ends are one arrow."""
    found: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for link in links:
        if link.src in numbers and link.dst in numbers:
            found[numbers[link.src], numbers[link.dst]].append(link.type)
    return dict(sorted(found.items()))


def _arrow(src: int, dst: int, types: Sequence[str]) -> str:
    style = ", style=dashed" if set(types) == {"contains"} else ""
    return f"n{src} -> n{dst} [label={quoted(', '.join(types))}{style}];"


# -- nodes, in frames of accounts and regions where there are several


def _accounts(
    items: Sequence["Item"], numbers: Mapping[int, int], legend: Legend, lonely: Collection[int]
) -> Iterator[str]:
    accounts = _grouped(items, "account")
    for number, (account, members) in enumerate(accounts.items()):
        regions = _grouped(members, "region")
        inner: list[str] = []
        for place, (region, there) in enumerate(regions.items()):
            lines = [_node(item, numbers[item.key], legend) for item in there]
            lines += _rows(sorted(numbers[item.key] for item in there if numbers[item.key] in lonely))
            framed = len(regions) > 1 and region != ""
            inner += _framed(f"cluster_{number}_{place}", region, "#FAFBFC", lines) if framed else lines
        framed = len(accounts) > 1 and account != ""
        label = _account(account, legend.accounts.get(account, ""), list(regions))
        yield from _framed(f"cluster_{number}", label, "#F4F6F8", inner) if framed else inner


def _account(account: str, name: str, regions: Sequence[str]) -> str:
    known = f"{name} ({account})" if name and name != account else account
    return f"{known} · {regions[0]}" if len(regions) == 1 and regions[0] else known


def _grouped(items: Iterable["Item"], field: str) -> dict[str, list["Item"]]:
    found: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        found[getattr(item, field)].append(item)
    return dict(sorted(found.items()))


def _framed(name: str, label: str, colour: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"subgraph {name} {{"
    yield f'  label={quoted(label)}; style="rounded,filled"; color="#D5DBE1"; fillcolor="{colour}"; labelloc=t;'
    yield from (f"  {line}" for line in lines)
    yield "}"


def _rows(numbers: Sequence[int]) -> Iterator[str]:
    """Nodes without an edge stand in rows, not in one long column: unseen edges hold a row together."""
    across = max(1, round(math.sqrt(len(numbers)) / 1.3))
    for start in range(0, len(numbers), across):
        row = numbers[start : start + across]
        if len(row) > 1:
            yield f"{' -> '.join(f'n{number}' for number in row)} [style=invis, weight=0];"


def _node(item: "Item", number: int, legend: Legend) -> str:
    border, filling = COLOURS[family(item.kind, legend.bases)]
    name = item.name or item.id or item.urn or "-"  # an empty <b> is an error to Graphviz
    kind = f'<font point-size="8.5" color="#5f6b76">{_html(item.kind or "-")}</font>'
    label = f"<b>{_html(_short(name, LONGEST))}</b><br/>{kind}"
    wide = ", penwidth=3" if item.key == legend.first else ""
    return (
        f'n{number} [label=<{label}>, color="{border}", fillcolor="{filling}"{wide}, '
        f"tooltip={quoted(f'{item.kind} {name} {item.urn}')}];"
    )


def family(kind: str, bases: Bases) -> str:
    """What chooses a kind's colour: compute, storage …; "" for what is none of these."""
    return next((_FAMILY[base] for base in sorted(bases.get(kind, ())) if base in _FAMILY), "")


# -- text of strangers


def quoted(text: str) -> str:
    """A string of the DOT language. Graphviz reads escapes such as `\\N` in it, so that backslashes are doubled."""
    inner = escaped(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{inner}"'


def _html(text: str) -> str:
    return escaped(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
