"""Completion in bash, zsh and fish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from invoke.tasks import task

from devenv.base import events, output
from devenv.base.errors import USAGE, DevError, did_you_mean

SCRIPTS = Path(__file__).with_name("shells")
# Each shell with the one line that installs completion for it.
SHELLS = {
    "bash": "inv dev.completion bash >~/.devenv.bash && echo '. ~/.devenv.bash' >>~/.bashrc",
    "zsh": "inv dev.completion zsh >~/.devenv.zsh && echo '. ~/.devenv.zsh' >>~/.zshrc",
    "fish": "mkdir -p ~/.config/fish/conf.d && inv dev.completion fish >~/.config/fish/conf.d/devenv.fish",
}


@task(positional=["shell"], help={"shell": f"one of: {', '.join(SHELLS)}"})
def completion(c: Any, shell: str) -> None:
    """Print the script that completes tasks, flags and names.

    It is the same for all repositories: in each, that repository's tools answer.
    """
    if shell not in SHELLS:
        raise DevError(USAGE, f"dev.completion {shell}: unknown shell", did_you_mean(shell, list(SHELLS)))
    output.data((SCRIPTS / f"completion.{shell}").read_text().rstrip("\n"))
    events.note(f"to install it, type this line, and open a new terminal: {SHELLS[shell]}")
