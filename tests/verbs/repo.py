"""A generated repo as its people use it: verbs through three doors, pages over HTTP, rows from the database."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

DOORS = ("run", "make", "inv")


@dataclass(frozen=True)
class Done:
    """What a finished command left."""

    code: int
    stdout: str
    stderr: str

    @property
    def commands(self) -> list[str]:
        """What it did, as it printed it."""
        return [line[2:] for line in self.stderr.splitlines() if line.startswith("$ ")]

    @property
    def error(self) -> str:
        """Its error line. There is never more than one."""
        lines = [line for line in self.stderr.splitlines() if line.startswith("error[")]
        assert len(lines) <= 1, self.stderr
        return "".join(lines)

    @property
    def hints(self) -> list[str]:
        return [line[len("hint: ") :] for line in self.stderr.splitlines() if line.startswith("hint: ")]

    def json(self) -> Any:
        return json.loads(self.stdout)


def get(url: str, path: str = "/", method: str = "GET") -> tuple[int, str]:
    """Status and text of a page of the service with this URL. The name is not resolved: not every system can."""
    host = url.removeprefix("http://")
    connection = http.client.HTTPConnection("127.0.0.1", int(host.rpartition(":")[2]), timeout=30)
    try:
        connection.request(method, path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def elsewhere(url: str) -> str:
    """The same page, asked for by the name of another host, as a web page of others would."""
    return f"http://evil.example.org:{url.rpartition(':')[2]}"


def page(url: str) -> str:
    """The service's page; empty while it restarts."""
    try:
        return get(url)[1]
    except OSError:
        return ""


def printed(process: subprocess.Popen[str], number: int) -> bool:
    """Wait until a command in progress prints its own command of this number, from 0 on; False where it ends before."""
    for line in process.stderr or []:
        number -= line.startswith("$ ")
        if number < 0:
            return True
    return False


def end(process: subprocess.Popen[str], kill: Callable[[int, int], None]) -> None:
    """SIGKILL a command in progress: alone (os.kill) or with its group (os.killpg)."""
    kill(process.pid, signal.SIGKILL)
    process.wait()
    # What it started may go on, and would stop at a full pipe.
    if process.stderr:
        threading.Thread(target=process.stderr.read, daemon=True).start()


def rest(process: subprocess.Popen[str]) -> Done:
    """What a command in progress leaves, without what was read of it so far."""
    stderr = process.stderr.read() if process.stderr else ""
    stdout = process.stdout.read() if process.stdout else ""
    return Done(process.wait(), stdout, stderr)


@dataclass
class Repo:
    """`token` is part of the name of everything that the repo has on the machine, and of nothing else."""

    path: Path
    token: str
    env: dict[str, str] = field(default_factory=dict)

    def argv(self, *words: str, door: str = "run") -> list[str]:
        """A task and its arguments, as one types them at a door."""
        task, *rest = words
        if door == "make":
            return ["make", "--no-print-directory", "-C", str(self.path), task, f"ARGS={shlex.join(rest)}"]
        return [str(self.path / ".dev" / "run") if door == "run" else "inv", *words]

    def start(self, *words: str, door: str = "run", cwd: Path | None = None, **streams: Any) -> subprocess.Popen[str]:
        """A command that goes on while the test does. Its own process group, so that the group can be killed."""
        environment = {**os.environ, **self.env, "PWD": str(cwd or self.path)}
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        return subprocess.Popen(
            self.argv(*words, door=door),
            cwd=cwd or self.path,
            env=environment,
            text=True,
            start_new_session=True,
            **pipes,
        )

    def run(self, *words: str, door: str = "run", cwd: Path | None = None, stdin: str | None = None) -> Done:
        """A command run to its end."""
        source: int | IO[str] = subprocess.DEVNULL if stdin is None else subprocess.PIPE
        with self.start(*words, door=door, cwd=cwd, stdin=source) as process:
            stdout, stderr = process.communicate(stdin)
        return Done(process.returncode, stdout, stderr)

    def ok(self, *words: str, **how: Any) -> Done:
        """A command that has to end well."""
        done = self.run(*words, **how)
        assert done.code == 0, f"{words} ended with {done.code}\n{done.stdout}\n{done.stderr}"
        return done

    def fails(self, code: int, *words: str, **how: Any) -> Done:
        """A command that has to end with this code, and with one error line that names it."""
        done = self.run(*words, **how)
        assert (done.code, done.error[: len(f"error[{code}]")]) == (code, f"error[{code}]"), done
        return done

    def project(self, service: str = "", workspace: str = "main") -> str:
        """The name of a Compose project, as its record has it."""
        home = self.env.get("XDG_STATE_HOME") or os.environ["XDG_STATE_HOME"]
        record = Path(home, "devenv/v1", workspace, f"{service or self.token}.json")
        return str(json.loads(record.read_text())["project"])

    def status(self) -> Any:
        return self.ok("dev.status", "--json").json()

    def steps(self) -> list[str]:
        """What dev.up would do, by kind and service: `build app`, `migrate`."""
        return [step.partition(" (")[0] for step in self.ok("dev.plan", "--json").json()["steps"]]

    def rows(self, sql: str, user: str = "") -> list[str]:
        """What the database answers, a line for each row. `user`: another account than the app's."""
        login = ["--username", user] if user else []
        return self.ok("dev.dbshell", "--", *login, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", sql).stdout.splitlines()

    def fetch(self, path: str = "/") -> tuple[int, str]:
        """Status and text of a page, asked for by the name that people type."""
        return get(self.status()["url"], path)

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file, which must contain the old text."""
        text = (self.path / name).read_text()
        assert old in text, f"{name} does not hold {old!r}"
        (self.path / name).write_text(text.replace(old, new))

    def append(self, name: str, text: str) -> None:
        with (self.path / name).open("a") as file:
            file.write(text)
