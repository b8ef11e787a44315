"""The production image, built as the compose file says. Everything that must stay out of it holds a canary."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from conformance.repository import Repository
from conformance.sandbox import CANARY, Sandbox

LARGE = 2**20  # bytes; a secret is not looked for in larger files


@dataclass(frozen=True)
class Image:
    """A built image, by its name. `log` is the output of a build that failed."""

    name: str
    log: str = ""
    secrets: tuple[str, ...] = ()  # the values that the build got


def build(box: Sandbox, repository: Repository) -> Image:
    """Build target `prod` of the copy. Its name holds the token, so it is removed with the run."""
    name = f"{box.token}-prod:contract"
    context = box.checkout / repository.context.relative_to(repository.path)
    dockerfile = box.checkout / repository.dockerfile_path.relative_to(repository.path)
    args = repository.build.get("args") or {}
    pairs = [f"{key}={value}" for key, value in args.items()] if isinstance(args, dict) else list(args)
    argv = ["docker", "build", "--quiet", "--target", "prod", "--tag", name, "--file", str(dockerfile)]
    argv += [word for pair in pairs for word in ("--build-arg", pair)]
    declared = declared_secrets(repository)
    files = {**dict.fromkeys(secrets(repository), box.root / "ca.pem"), **written(declared, box.root / "secrets")}
    argv += [word for secret, file in files.items() for word in ("--secret", f"id={secret},src={file}")]
    done = subprocess.run([*argv, str(context)], env=box.env, capture_output=True, text=True, check=False, timeout=900)
    log = "" if done.returncode == 0 else "\n".join(done.stderr.splitlines()[-8:])
    return Image(name, log, tuple(declared.values()))


def secrets(repository: Repository) -> list[str]:
    """The names of the secrets that the build gets."""
    given = repository.build.get("secrets") or []
    return [entry if isinstance(entry, str) else str(entry.get("target") or entry.get("source")) for entry in given]


def declared_secrets(repository: Repository) -> dict[str, str]:
    """The secrets for builds of dev.yaml that this machine has, by name: in a variable, a file, or from a command."""
    declared = repository.dev.get("secrets") or {}
    wanted = {name: entry for name, entry in declared.items() if "build" in entry.get("for", ["build"])}
    found = {name: next(filter(None, map(_value, entry.get("from", []))), "") for name, entry in wanted.items()}
    return {name: value for name, value in found.items() if value}


def _value(place: dict[str, Any]) -> str:
    if "env" in place:
        return os.environ.get(place["env"], "")
    try:
        if "command" in place:
            done = subprocess.run(place["command"], capture_output=True, text=True, check=False, timeout=60)
            return done.stdout.strip() if done.returncode == 0 else ""
        return Path(place["file"]).expanduser().read_text().strip() if "file" in place else ""
    except (OSError, UnicodeDecodeError, subprocess.TimeoutExpired):
        return ""


def written(values: dict[str, str], folder: Path) -> dict[str, Path]:
    """Each value in a file that only this user can read; the folder is removed with the run."""
    folder.mkdir(mode=0o700)
    for name, value in values.items():
        (folder / name).write_text(value)
    return {name: folder / name for name in values}


def user(image: Image) -> str:
    """The user that it runs as; empty means root."""
    return inspect(image)["Config"].get("User") or ""


def command(image: Image) -> list[str]:
    """The command that it starts with."""
    config = inspect(image)["Config"]
    return [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]


def inspect(image: Image) -> dict[str, dict]:
    done = subprocess.run(["docker", "image", "inspect", image.name], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[0]


def programs(image: Image, names: list[str]) -> list[str]:
    """Which of these programs are in it; none in an image without a shell."""
    argv = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "sh", image.name, "-c"]
    script = 'for name; do command -v "$name" >/dev/null && echo "$name"; done; true'
    done = subprocess.run([*argv, script, "sh", *names], capture_output=True, text=True, check=False, timeout=120)
    return done.stdout.split()


def leaks(image: Image) -> list[str]:
    """What must not be in its layers and settings, but is: files with a canary, `.env`, the folder of git."""
    wanted = [text.encode() for text in (CANARY, *image.secrets)]
    is_in_settings = any(text in json.dumps(inspect(image)).encode() for text in wanted)
    found = ["the image's settings hold the text of .env or of a secret of the build"] if is_in_settings else []
    return found + [why for layer in layers(image) for why in leaks_of(layer, wanted)]


def leaks_of(layer: tarfile.TarFile, wanted: list[bytes]) -> Iterator[str]:
    for member in layer:
        name = "/" + member.name.lstrip("./")
        if name.endswith("/.git/HEAD"):
            yield f"{name.removesuffix('/HEAD')} is in a layer"
        elif member.isfile() and member.size < LARGE:
            content = layer.extractfile(member)
            text = content.read() if content else b""
            if any(each in text for each in wanted):
                yield f"{name} in a layer holds the text of .env or of a secret of the build"


def layers(image: Image) -> Iterator[tarfile.TarFile]:
    """All layers, one after the other, as `docker image save` streams them."""
    with subprocess.Popen(["docker", "image", "save", image.name], stdout=subprocess.PIPE) as saving:
        assert saving.stdout
        with tarfile.open(fileobj=saving.stdout, mode="r|") as outer:
            for member in outer:
                content = outer.extractfile(member) if member.isfile() else None
                if content and (layer := as_tar(content)):
                    yield layer


def as_tar(content: IO[bytes]) -> tarfile.TarFile | None:
    """A layer, compressed or not; None for the descriptions of the image, which are JSON."""
    try:
        return tarfile.open(fileobj=io.BytesIO(content.read()), mode="r:*")
    except tarfile.ReadError:
        return None
