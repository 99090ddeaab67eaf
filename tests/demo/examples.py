"""The commands that a page of the documentation shows."""

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]


def examples(page: str) -> list[list[str]]:
    """The words of each `syncctl …` line of the fenced blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(), flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("syncctl ")]
    return [shlex.split(line)[1:] for line in lines]
