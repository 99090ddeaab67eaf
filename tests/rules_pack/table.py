"""docs/rules-pack.md, made of the rules: python -m tests.rules_pack.table"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from syncd.config import load
from syncd.settings import RuleSettings
from tests.conftest import ROOT
from tests.rules_pack.cases import BLIND

PACK = ROOT / "etc" / "rules"
PAGE = ROOT / "docs" / "rules-pack.md"
TITLES = {
    "exposure": "What can be reached from outside",
    "encryption": "Encryption, keys, certificates",
    "identity": "Who may get in",
    "audit": "Whether anybody would see it",
    "cost": "What is paid for and not used",
    "operations": "What will hurt one day",
}
HEAD = """\
# Rules ready for use

`etc/rules/` holds {count} rules for AWS, which an installation puts into `/etc/syncd/rules`. All are off.
Switch on what you want by name, and say who is told:

```toml
[rules]
enable = ["aws-s3-*", "aws-root-*", "aws-security-group-*"]
disable = ["aws-s3-without-versioning"]
to = ["oncall"]
```

`syncctl search` with a rule's search shows beforehand what it would begin with. An upgrade replaces the files:
to change a rule, switch it off and copy it, under another name, into `/etc/syncd/syncd.d/`.

What was never seen is not taken for missing. Rules with `≠` ask whether something is *not* there: they rest on the
host, which lets nothing begin or cease while the part of the picture that they look at is not complete. Tried with
`syncctl search`, they find what was never seen as well; `syncctl coverage --incomplete --why` tells what that is.

This page is made of the rules: `python -m tests.rules_pack.table`.
"""


def loaded() -> Mapping[str, RuleSettings]:
    """As the daemon reads them, all switched on."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "syncd.toml"
        file.write_text(f'[rules]\ndirectories = ["{PACK}"]\nenable = ["*"]\n')
        return load(file).rule


def page(rules: Mapping[str, RuleSettings]) -> str:
    parts = [HEAD.format(count=len(rules)), *("".join(_topic(topic, rules)) for topic in TITLES)]
    return "\n".join(parts)


def _topic(topic: str, rules: Mapping[str, RuleSettings]) -> Iterator[str]:
    text = (PACK / f"{topic}.toml").read_text()
    yield f"## {TITLES[topic]}\n\n`etc/rules/{topic}.toml`\n\n| rule | severity | what | search |\n|---|---|---|---|\n"
    for rule in rules.values():
        if f'name = "{rule.name}"\n' in text:
            yield _row(rule)


def _row(rule: RuleSettings) -> str:
    severity = rule.severity + (f", after {rule.lasting}" if rule.lasting else "")
    mark = " ≠" if rule.name in BLIND else ""
    search = " ".join(rule.search.split()).replace("|", "\\|")
    return f"| `{rule.name}`{mark} | {severity} | {' '.join(rule.description.split())} | `{search}` |\n"


if __name__ == "__main__":
    PAGE.write_text(page(loaded()))
