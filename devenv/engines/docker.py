"""Queries with the docker command, without Compose: engine, containers, images."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from devenv.base import ahead, process
from devenv.base.errors import MISSING, DevError
from devenv.base.process import Result
from devenv.engines import client, names, podman
from devenv.engines.interface import Place, State
from devenv.model import services
from devenv.model.services import Service

PAUSED = "(Paused)"
DESKTOP, IN_MACHINE = "Docker Desktop", "/run/host-services/ssh-auth.sock"
# How images are told the password of the account that administers the database.
PASSWORDS = ("POSTGRES_PASSWORD", "MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD")
PROJECT = "com.docker.compose.project"
STEP = "devenv.step"  # the label of our own one-off containers
LABEL = r"(?:com\.docker\.compose\.(service|oneoff|project\.working_dir)|(devenv\.step))=([^,]*)"

# A container's id, and its start and last healthchecks, some from before it. Without a healthcheck, a template that
# names `.State.Health` is an error.
CHECKED = "{{.Id}} {{json .State}}"
DENIED = "permission denied"
NO_CONTEXT = "context not found"  # as after Docker Desktop was removed, whose context is still chosen
NO_FOLDER = "bind source path does not exist"
JOIN_GROUP = "sudo usermod --append --groups docker $USER; then log in again"
WITHOUT = "DEV_ENGINE=native inv dev.up"
# A volume and its creation time. Docker: 2026-01-01T10:00:00+01:00. Podman: 2026-01-01 10:00:00.5 +0100 CET.
BORN = r"(\S+) (\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)? ?(?:Z|([+-])(\d\d):?(\d\d))(?: [A-Z]{3,5}(?= |$))?"


class Server(NamedTuple):
    """The engine that answers."""

    version: str = ""  # empty if none answers
    is_podman: bool = False  # behind Docker's socket
    is_rootless: bool = False  # an ordinary user runs it, and is root in its containers


KNOWN: list[Server] = []  # what this process was answered, since each question takes 30 ms


def server() -> Server:
    """The engine, which does not change while a command runs. One that does not answer is asked again the next time."""
    if not KNOWN:
        found = _server()
        if not found.version:
            return found
        KNOWN.append(found)
    return KNOWN[0]


def server_version() -> str:
    """The version of the engine that answers now; empty if none does.

    The client alone proves nothing: many machines have it without an engine.
    """
    return _server().version


def _server() -> Server:
    said = ahead.answer()
    if not said:
        done = process.capture(ahead.QUESTION)
        said = "" if done.code else done.stdout
    version, *parts = said.strip().split("|")
    if "Podman Engine" in parts:
        return Server(version, True, podman.is_rootless(endpoint()))
    return Server(version, False, "rootlesskit" in parts)


def endpoint() -> str:
    """The address at which the client reaches the engine."""
    form = "{{.Endpoints.docker.Host}}"
    return process.capture(["docker", "context", "inspect", "--format", form]).stdout.strip()


def described(found: Server) -> str:
    """The engine in words: "rootless Docker 28.5.2"."""
    words = ["rootless"] if found.is_rootless else []
    return " ".join([*words, "Podman" if found.is_podman else "Docker", found.version])


def owner() -> dict[str, str]:
    """The variables for the owner of the checkout, if containers know that user by another number."""
    return {"DEV_UID": "0", "DEV_GID": "0"} if server().is_rootless else {}


def compose_version() -> str:
    """The version of the Compose plugin; empty if it is not installed."""
    done = process.capture(["docker", "compose", "version", "--short"])
    return done.stdout.strip() if done.code == 0 else ""


def refusal() -> str:
    """Why an engine that runs here refuses this user; empty if it does not, or none runs."""
    said = process.capture(["docker", "version", "--format", "{{.Server.Version}}"]).stderr.strip()
    return "".join(said.splitlines()[-1:]) if DENIED in said else ""


def agent() -> str:
    """The socket of the person's ssh agent, as the engine sees it; empty without an agent.

    On a Mac, and with Docker Desktop, containers run in a virtual machine, which has the agent in a place of its own:
    https://docs.docker.com/desktop/features/networking/#ssh-agent-forwarding
    """
    own = os.environ.get("SSH_AUTH_SOCK", "")
    form = "{{.OperatingSystem}}"
    if sys.platform == "darwin" or process.capture(["docker", "info", "--format", form]).stdout.strip() == DESKTOP:
        return IN_MACHINE if own else ""
    return own


def memory() -> int:
    """The bytes of memory of the machine that containers run on; 0 if it is not known."""
    said = process.capture(["docker", "info", "--format", "{{.MemTotal}}"]).stdout.strip()
    return int(said) if said.isdecimal() else 0


def distant() -> str:
    """The address of the engine if it is on another machine; empty if it is on this one."""
    host = os.environ.get("DOCKER_HOST", "")
    if not host and (os.environ.get("DOCKER_CONTEXT") or client.configuration(os.environ).get("currentContext")):
        host = endpoint()
    return "" if host.startswith(("unix://", "npipe://")) else host


def check_reach(root: Path, image: str) -> None:
    """DevError 110 if the engine does not have this folder: Compose would let it create an empty one."""
    words = {"type": "bind", "source": root, "target": "/devenv-checkout"}
    mount = ",".join([*(f"{name}={value}" for name, value in words.items()), "readonly"])
    made = process.capture(["docker", "create", "--mount", mount, image, "true"])
    lacking = NO_FOLDER in made.stderr
    if made.code == 0:
        container = made.stdout.strip()
        copied = process.capture(["docker", "cp", f"{container}:/devenv-checkout/dev.yaml", "-"])
        process.capture(["docker", "rm", "--force", container])
        lacking = (root / "dev.yaml").read_text(encoding="utf-8", errors="replace") not in copied.stdout
    if lacking:
        raise DevError(
            MISSING,
            f"the engine at {distant()} does not have the folder {root}, so containers would see an empty one",
            "use the engine of this machine: unset DOCKER_HOST DOCKER_CONTEXT; docker context use default",
            f"or work without containers: {WITHOUT}",
        )


def no_engine() -> DevError:
    """The error if no engine answers on this machine."""
    why = process.capture(["docker", "version", "--format", "{{.Server.Version}}"]).stderr.strip().splitlines()
    if DENIED in "".join(why):
        message = f"no container engine answers: Docker refuses this user: {why[-1]}"
        return DevError(MISSING, message, JOIN_GROUP, f"or work without containers: {WITHOUT}", *_own_engines())
    if NO_CONTEXT in "".join(why):
        choose = "choose the engine of this machine: docker context use default; unset DOCKER_CONTEXT"
        without = f"or work without containers: {WITHOUT}"
        return DevError(MISSING, f"no container engine answers: {why[-1]}", choose, without, *_own_engines())
    return DevError(
        MISSING,
        f"no container engine answers: {why[-1] if why else 'docker version failed'}",
        "start Docker, or install Docker Engine 25 or newer: https://docs.docker.com/engine/install/",
        "then check: docker version",
        *_own_engines(),
    )


def _own_engines() -> list[str]:
    """How to use the engines that this user runs, where they listen unless somebody chose another place."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    found = [path for path in (folder / "docker.sock", folder / "podman" / "podman.sock") if path.is_socket()]
    return [f"or use the engine of your own: export DOCKER_HOST=unix://{path}" for path in found]


def no_compose() -> DevError:
    """The error if the docker client has no compose command."""
    return DevError(
        MISSING,
        "docker has no compose plugin",
        "install the Compose plugin: https://docs.docker.com/compose/install/linux/",
    )


def missing() -> DevError | None:
    """The error if something is missing that every command needs; None if all is there."""
    if not server_version():
        return no_engine()
    if not compose_version():
        return no_compose()
    return podman.no_command() if server().is_podman else None


def checked(code: int) -> int:
    """The exit code of the service's command; DevError 110 if no engine answers (any more)."""
    gone = missing() if code else None
    if gone:
        raise gone
    return code


def answered(done: Result) -> Result:
    """The result of such a command; see `checked`."""
    checked(done.code)
    return done


class Containers(NamedTuple):
    """The containers of a Compose project."""

    services: dict[str, State]
    steps: list[str]  # the ids of our own one-off containers; those of `dev.run` are in neither

    def strangers(self, ours: Collection[str]) -> list[str]:
        """The ids of those that are not a container of one of `ours`, the services that start."""
        return [*self.steps, *(state.id for name, state in self.services.items() if name not in ours)]


def containers(project: str) -> Containers:
    """All containers of a Compose project, with one call. DevError 110."""
    argv = [
        "docker",
        "ps",
        "--all",
        "--no-trunc",
        "--filter",
        f"label={PROJECT}={project}",
        "--format",
        "json",
    ]
    done = process.capture(argv)
    if done.code:
        raise no_engine()
    found = [json.loads(line) for line in done.stdout.splitlines()]
    if server().is_podman:
        health = podman.health([c["ID"] for c in found if c["State"] == "running"])
        found = [{**c, "Status": " ".join(filter(None, (c["Status"], health.get(c["ID"]))))} for c in found]
    labelled = [({a or b: value for a, b, value in re.findall(LABEL, c["Labels"])}, c) for c in found]
    ours = {labels["service"]: _state(labels, c) for labels, c in labelled if labels.get("oneoff") == "False"}
    return Containers(ours, [c["ID"] for labels, c in labelled if STEP in labels])


def running_projects() -> set[str] | None:
    """The Compose projects with a running container; None if no engine answers."""
    label = f'{{{{.Label "{PROJECT}"}}}}'
    done = process.capture(["docker", "ps", "--filter", f"label={PROJECT}", "--format", label])
    return set(done.stdout.split()) if done.code == 0 else None


def inside(place: Place, service: str, argv: Sequence[str], how: str = "-i") -> list[str]:
    """A command in a running container, without Compose, which would need a tenth of a second to read its files."""
    return ["docker", "exec", how, container(place.project, place.services[service]), *argv]


def container(project: str, service: Service) -> str:
    """The name of a service's container."""
    return str(service.raw.data.get("container_name") or f"{project}-{service.name}-1")


def has_images(names: Sequence[str]) -> bool:
    """Whether all images are on this machine."""
    return not names or process.capture(["docker", "image", "inspect", *names]).code == 0


def entrypoint(image: str) -> list[str]:
    """The words that an image puts before each command; none if it is not known."""
    done = process.capture(["docker", "image", "inspect", "--format", "{{json .Config.Entrypoint}}", image])
    return json.loads(done.stdout or "null") or []


def untag(names: Sequence[str]) -> None:
    """Remove names of images if they exist. An image without another name is removed, too."""
    for name in names:
        process.capture(["docker", "image", "rm", name])


def remove_left(project: str, kept: Collection[str] = ()) -> None:
    """Remove the volumes (without `kept`), networks and images of a project that its compose file does not declare."""
    label = ["--filter", f"label={PROJECT}={project}"]
    for kind in ("volume", "network", "image"):
        left = {*process.capture(["docker", kind, "ls", "--quiet", *label]).stdout.split()} - {*kept}
        if left:
            process.run(["docker", kind, "rm", *sorted(left)], dict(os.environ))


def remove_unnamed_images(project: str) -> None:
    """Remove the images of a project that lost their name to a later build."""
    process.capture(["docker", "image", "prune", "--force", "--filter", f"label={PROJECT}={project}"])


def has_volume(names: Collection[str]) -> bool:
    """Whether one of these volumes exists."""
    found = process.capture(["docker", "volume", "inspect", "--format", "{{.Name}}", *sorted(names)])
    return bool(found.stdout.strip())


def environment(project: str, service: Service) -> dict[str, str]:
    """The variables of a service's container, whether it runs or not; empty if there is none."""
    done = process.capture(["docker", "inspect", "--format", "{{json .Config.Env}}", container(project, service)])
    words = (json.loads(done.stdout) or []) if done.code == 0 else []
    return dict(word.split("=", 1) for word in words if "=" in word)


def volumes_born(names: Collection[str]) -> str:
    """When volumes were created, so that a recreated volume is noticed. Empty if one is missing."""
    if not names:
        return ""
    done = process.capture(["docker", "volume", "inspect", "--format", "{{.Name}} {{.CreatedAt}}", *sorted(names)])
    return " ".join(done.stdout.split()) if done.code == 0 else ""


def births(born: str) -> dict[str, datetime]:
    """What `volumes_born` says, by volume. The daemon writes times in its own zone, which may change."""
    found = {}
    for name, day, clock, sign, hours, minutes in re.findall(BORN, born):
        zone = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        found[name] = datetime.strptime(f"{day} {clock}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc) - zone
    return found


def held(store: Service, volumes: Sequence[str], project: str) -> dict[str, str] | None:
    """See choice.held. The container has the password that the volume was made with."""
    if services.folders(store):
        return {}  # they may hold anything, and dev.destroy leaves them
    found = environment(project, store)
    if not has_volume(volumes) if volumes else not found:  # a volume without a name goes with the container
        return None
    password = next((found[name] for name in PASSWORDS if found.get(name)), "")
    # A person may have chosen the password.
    ours = password.startswith(names.SECRET) or found.get("POSTGRES_USER") == names.ADMIN
    return {"password": password} if password and ours else {}


def endless_logs(states: Mapping[str, State]) -> list[str]:
    """The services whose container keeps every line that it logs. A container has the daemon's defaults noted, too."""
    ids = {state.id: name for name, state in states.items()}
    if not ids:
        return []
    done = process.capture(["docker", "inspect", "--format", "{{.Id}} {{json .HostConfig.LogConfig}}", *ids])
    found = [(ids[id], json.loads(text)) for id, text in (line.split(" ", 1) for line in done.stdout.splitlines())]
    return [name for name, log in found if log["Type"] == "json-file" and "max-size" not in (log["Config"] or {})]


def passed(ids: Sequence[str]) -> set[str]:
    """The containers whose last healthcheck passed, and began after the container did."""
    found = set()
    done = process.capture(["docker", "inspect", "--format", CHECKED, *ids]) if ids else Result(0, "", "")
    for id, text in (line.split(" ", 1) for line in done.stdout.splitlines()):
        state = json.loads(text)
        last = ((state.get("Health") or {}).get("Log") or [{}])[-1]
        if last.get("ExitCode") == 0 and _moment(last["Start"]) > _moment(state["StartedAt"]):
            found.add(id)
    return found


def _moment(text: str) -> float:
    """A time as the engine writes it, such as 2026-01-01T10:00:00.123456789+01:00, in seconds."""
    fraction = "".join(re.findall(r"\.\d+", text))
    seconds = datetime.strptime(text.replace(fraction, ""), "%Y-%m-%dT%H:%M:%S%z").timestamp()
    return seconds + float(fraction or 0)


def has_lost_network(ids: Sequence[str], known: Collection[str]) -> bool:
    """Whether one of the containers is to join a network that was removed. `known`: see `ensure_network`."""
    if not ids:
        return False
    wanted = "{{range .NetworkSettings.Networks}}{{.NetworkID}} {{end}}"
    return bool(set(process.capture(["docker", "inspect", "--format", wanted, *ids]).stdout.split()) - set(known))


def ensure_network(name: str) -> set[str]:
    """The network that a workspace's services share. The first service creates it.

    Returns the ids of the networks that were there, and all names: containers know them by ids, Podman's by names.
    """
    form = "{{.ID}} {{.Name}}"
    known = set(process.capture(["docker", "network", "ls", "--no-trunc", "--format", form]).stdout.split())
    if name not in known:
        process.capture(["docker", "network", "create", "--label", "devenv.workspace", name])
    return {*known, name}


def _state(labels: Mapping[str, str], container: Mapping[str, str]) -> State:
    words, running = container["Status"], container["State"] in ("running", "paused")
    healthy = running and not any(sign in words for sign in ("(unhealthy)", "(health: starting)", PAUSED))
    networks = tuple(filter(None, container.get("Networks", "").split(",")))
    checkout, image = labels.get("project.working_dir", ""), container.get("Image", "")
    return State(container["ID"], running, healthy, words, checkout, networks, image=image)
