"""`completion SHELL`: what makes a shell complete a program's commands, options and files."""

import argparse
from collections.abc import Callable
from pathlib import Path

from syncd.cli.arguments import Parser
from syncd.cli.exits import Exit

SHELLS = ("bash", "zsh", "fish")


def add(commands: "argparse._SubParsersAction[Parser]", program: str, root: Callable[[], Parser]) -> None:
    """`root` gives the parser of the whole program."""
    text = "print the completion script of a shell"
    examples = (
        "examples:\n"
        f"  source <({program} completion bash)                for this bash\n"
        f"  {program} completion bash > /etc/bash_completion.d/{program}\n"
        f'  {program} completion zsh > "${{fpath[1]}}/_{program}"\n'
        f"  {program} completion fish > ~/.config/fish/completions/{program}.fish\n"
    )
    added = commands.add_parser("completion", help=text, description=text, epilog=examples)
    added.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    added.set_defaults(handler=lambda arguments: _print(root(), arguments.shell))


def _print(root: Parser, shell: str) -> int:
    import shtab

    _mark_files(root)
    print(shtab.complete(root, shell))
    return Exit.OK


def _mark_files(parser: argparse.ArgumentParser) -> None:
    """Arguments that are paths complete to files."""
    import shtab

    for action in parser._actions:  # noqa: SLF001  (argparse has no public way to walk a parser)
        if action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for inner in set(action.choices.values()):
                _mark_files(inner)
