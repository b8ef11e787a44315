"""For every MUST of the contract, a small change to a repository that keeps it, which breaks exactly that MUST.

Static breaches are tried one by one. Live ones are tried in groups that do not affect each other, since each group
needs a whole run. The run must report exactly the group.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Breach:
    """Texts that are replaced, as (file, old, new); a file without an old text gets the new one at its end.

    `also`: MUSTs that the same change must break, too.
    `unjudged`: MUSTs that cannot be judged then.
    """

    must: str
    edits: tuple[tuple[str, str, str], ...] = ()
    make: dict[str, str] = field(default_factory=dict)  # new recipes, by target
    before_up: str = ""  # what dev.up does first, in shell
    after_up: str = ""
    of_up_stderr: str = ""  # a sed script
    also: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()


def edit(must: str, file: str, old: str, new: str, **more: tuple[str, ...]) -> Breach:
    return Breach(must, ((file, old, new),), **more)


def recipe(must: str, target: str, line: str, **more: tuple[str, ...]) -> Breach:
    return Breach(must, make={target: line}, **more)


RUN = "'.dev/run' {task} $(value ARGS)"
# The same with its stdout changed by sed, and its exit code kept.
ALTERED = "said=$$('.dev/run' {task} $(value ARGS)); c=$$?; echo \"$$said\" | sed '{how}'; exit $$c"
# Which call of dev.up this is: 1 the first start, 2 without an engine, 3 on what is up, 4 after dev.down.
NTH = "echo >>.dev/local/ups; n=$$(wc -l <.dev/local/ups); "

# On the specimen, files only.
STATIC = [
    edit("CFG-1", "dev.yaml", "port: 18170", "port: eighteen"),
    edit("CFG-2", "dev.yaml", "app: app", "app: web", unjudged=("IMG-1", "IMG-2", "IMG-3", "IMG-6")),
    edit("CFG-4", "dev.yaml", "", "\nbudgets: {memory: 1G}\n"),
    edit("CMD-1", "Makefile", "include .dev/dev.mk", "# include .dev/dev.mk", also=("CMD-8",)),
    edit("CMD-8", ".dev/dev.mk", "dev.doctor ", ""),
    edit("IMG-1", "Dockerfile", "USER 10001:10001", "USER root"),
    edit("IMG-2", "Dockerfile", "WORKDIR /app", "ENV API_TOKEN=abc"),
    edit("IMG-3", "Dockerfile", "python:3.13-slim", "python:latest"),
    edit("IMG-6", "Dockerfile", "# The secret: certificate authorities of a network that has its own.\n", ""),
    edit("CMP-1", "compose.yaml", '"127.0.0.1:${PORT', '"${PORT'),
    edit("CMP-2", "compose.yaml", "    healthcheck:\n      test: [CMD,", "    x-healthcheck:\n      test: [CMD,"),
    edit("CMP-3", "compose.yaml", "    init: true", "    container_name: specimen"),
    edit("CMP-4", "compose.yaml", "    mem_limit: 128m\n", ""),
    edit(
        "CMP-5", "compose.yaml", "    image: postgres:17", "    image: postgres:17\n    networks: [default, workspace]"
    ),
    edit("CMP-6", "compose.yaml", "BIND: ${BIND:-0.0.0.0}", "BIND: ${BIND}"),
    edit("RES-1", "dev.yaml", "memory: 256M, ", ""),
    edit("RES-2", "dev.yaml", ", ready: 60s", ""),
    edit("STK-8", "dev.yaml", "", "\nrequires:\n  lms: {repo: ../lms, version: v1.0.0}\n"),
    edit("TPL-1", ".cruft.json", '"commit"', '"commits"'),
    edit("TPL-2", "service.py", "", "\n<<<<<<< before\nx = 1\n=======\nx = 2\n>>>>>>> after\n"),
    Breach(
        "TPL-3",
        (
            (".dev/tools/devenv/__main__.py", "", "print('other tools')\n"),
            (".dev/tools/MANIFEST", "", f"{'0' * 64}  devenv/__main__.py\n"),
        ),
    ),
]

# On the specimen, without containers. Each list is one run.
LIVE = [
    [
        edit("CMD-2", "service.py", "status = 200", "status = 500 if self.path == '/' else 200", also=("IMG-4",)),
        recipe("CMD-4", "dev.down", "true"),
        recipe("CMD-5", "dev.destroy", RUN.format(task="dev.destroy") + ' && touch "$$XDG_STATE_HOME/left"'),
        recipe("CMD-6", "dev.run", "'.dev/run' dev.run $(ARGS)"),
        edit("CMD-7", "dev.yaml", "python -m unittest --quiet", "python -c 'raise SystemExit(3)'"),
        recipe("CMD-11", "dev.logs", RUN.format(task="dev.logs") + " >&2"),
        edit("CMD-12", "service.py", "not in HOSTS", "in ()"),
        recipe("OUT-1", "dev.seed", RUN.format(task="dev.seed") + " || { echo 'error[2]: again' >&2; exit 2; }"),
        Breach("OUT-2", before_up="case '$(value ARGS)' in *json*) ;; *) echo starting ;; esac; "),
        Breach("OUT-6", of_up_stderr=r"/^\$$ /d"),
        recipe("OUT-7", "dev.status", "sed -i /contract_canary/d dev.yaml; " + RUN.format(task="dev.status")),
        Breach("OUT-8", of_up_stderr=r"s/^error.113./error[1]/"),
        recipe("DATA-7", "dev.restore", "case '$(value ARGS)' in */*) " + RUN.format(task="dev.restore") + " ;; esac"),
        edit("DATA-5", "dev.yaml", "python service.py pending", "python -c 'raise SystemExit(4)'"),
        Breach("RES-2", (("dev.yaml", "ready: 60s", "ready: 15s"),), before_up=NTH + "[ $$n != 4 ] || sleep 16; "),
        edit("STK-3", "compose.yaml", '    env_file: [{path: "${DEV_ENV_FILE:-/dev/null}", required: false}]\n', ""),
    ],
    [
        edit("CFG-3", "service.py", "def seed():", "def seed():\n    open('left.txt', 'w').close()"),
        Breach("CMD-3", before_up=NTH + "[ $$n != 3 ] || '.dev/run' dev.down --only >/dev/null 2>&1; "),
        recipe("CMD-9", "dev.plan", "echo \"INSERT INTO visits (path) VALUES ('/')\" | '.dev/run' dev.dbshell >&2"),
        Breach("OUT-4", before_up="export DEV_ENGINE=native; "),
        recipe("OUT-3", "dev.destroy", RUN.format(task="dev.destroy --yes")),
        recipe("OUT-5", "dev.seed", "2>.dev/local/said " + RUN.format(task="dev.seed") + "; c=$$?; "
               "grep -v '^hint' .dev/local/said >&2; exit $$c"),
        recipe("OUT-9", "dev.logs", RUN.format(task="dev.logs") + r"; printf '\033[31mred\033[0m\n'"),
        # DATA-7: other breaches write through dev.dbshell, and data that was written so is migrated when it comes back.
        edit("DATA-1", "service.py", "statement))\n", "statement))\n        db.execute(\"INSERT INTO visits (path) VALUES ('/')\")\n",
             also=("DATA-7",)),
        recipe("DATA-3", "dev.reset", RUN.format(task="dev.reset")
               + " && echo \"INSERT INTO visits (path) VALUES ('/')\" | '.dev/run' dev.dbshell >&2",
               unjudged=("DATA-4",)),
        recipe("DATA-8", "dev.restore", RUN.format(task="dev.restore") + " && case '$(value ARGS)' in */*) "
               "echo \"INSERT INTO visits (path) VALUES ('/')\" | '.dev/run' dev.dbshell >&2 ;; esac"),
        edit("RES-1", "dev.yaml", "memory: 256M", "memory: 1M"),
        recipe("STK-1", "dev.status", ALTERED.format(task="dev.status", how='s/"internal_url"/"internal"/')),
    ],
    [
        Breach("CMD-10", before_up="mkdir .dev/local/busy 2>/dev/null || { rmdir .dev/local/busy; echo 'error[113]: busy' >&2; exit 1; }; ",
               after_up="rmdir .dev/local/busy; "),
        recipe("DATA-4", "dev.reset", RUN.format(task="dev.reset") + " && echo \"UPDATE notes SET text = 'x'\" | '.dev/run' dev.dbshell >&2"),
        edit("DATA-6", "dev.yaml", "volatile: [", "volatile: [visits.id, "),
        edit("DATA-10", "service.py", "(number, text))", "(number, text + str(os.getpid())))"),
        recipe("DATA-9", "dev.restore", "2>.dev/local/said " + RUN.format(task="dev.restore") + "; c=$$?; "
               "sed 's/^error.114./error[1]/' .dev/local/said >&2; exit $$c"),
        edit("IMG-4", "compose.lean.yaml", "    volumes:", "    command: python -c 'raise SystemExit(5)'\n    volumes:"),
        recipe("STK-5", "dev.seed", "echo seeding; " + RUN.format(task="dev.seed")),
        recipe("STK-6", "dev.status", ALTERED.format(task="dev.status", how='s/"data": *"[^"]*"/"data": "x"/')),
        Breach("STK-7", make={"dev.dbshell": "DEV_WORKSPACE=$${DEV_WORKSPACE%-b} " + RUN.format(task="dev.dbshell")},
               before_up="export DEV_WORKSPACE=$${DEV_WORKSPACE%-b}; "),
    ],
    [
        edit("DATA-2", "service.py", "VALUES (%s, %s) ON CONFLICT (id) DO NOTHING\", (number, text)",
             "SELECT count(*) + 1, %s FROM notes\", (text,)"),
        recipe("DATA-9", "dev.restore", RUN.format(task="dev.restore") + " || { c=$$?; [ $$c != 111 ] || "
               "echo \"INSERT INTO visits (path) VALUES ('/')\" | '.dev/run' dev.dbshell >&2; exit $$c; }"),
        Breach("STK-2", make={"dev.status": "unset DEV_PORT; " + RUN.format(task="dev.status")},
               before_up="unset DEV_PORT; ", also=("OUT-8",)),
    ],
]  # fmt: skip

# On the specimen, in containers, in one run: what only an image or a network can show.
CONTAINERS = [
    edit("IMG-2", "Dockerfile", "COPY . .", "COPY . .\n# For later.\nRUN --mount=type=secret,id=ca cp /run/secrets/ca /app/ca"),
    edit("IMG-4", "compose.lean.yaml", "    volumes: !reset []\n", ""),
    edit("IMG-5", "Dockerfile", "USER 10001", "# A compiler, more or less.\nRUN ln -s /bin/true /usr/bin/cc\nUSER 10001"),
    edit("STK-4", "compose.yaml", "aliases: [specimen, specimen.localhost]", "aliases: [specimen]"),
]  # fmt: skip

# On the specimen, which then declares a secret and a library; only these MUSTs are checked.
OPTIONAL = (
    "\nsecrets: {token: {from: [{env: SPECIMEN_TOKEN}], optional: true}}\n"
    "libraries:\n  # In another language.\n  greeting: {install: make install}\n"
)
DEPENDENCIES = [
    [
        Breach("DEP-1", before_up="export CONTRACT_ABSENT=none; "),
        recipe("DEP-4", "dev.edit", RUN.format(task="dev.edit") + " && echo '# edited' >>test_service.py"),
    ],
    [
        Breach("DEP-2", after_up='echo "with $$CONTRACT_TOKEN" >.dev/local/kept; '),
        recipe("DEP-5", "dev.use", "true"),
    ],
    [recipe("DEP-3", "dev.edit", "true", unjudged=("DEP-5",))],
]

# In containers: a secret that only dev.yaml declares.
SECRET = Breach("IMG-2", (
    ("Dockerfile", "COPY . .", "COPY . .\n# For later.\nRUN --mount=type=secret,id=token cp /run/secrets/token /app/token"),
    ("dev.yaml", "", "\nsecrets: {token: {from: [{command: [sh, -c, 'echo of-nobody | sha256sum']}]}}\n"),
))  # fmt: skip


def apply(breaches: Iterable[Breach], repo: Path) -> None:
    """Change a repository. It must hold the text to replace."""
    chosen = list(breaches)
    for breach in chosen:
        for file, old, new in breach.edits:
            text = (repo / file).read_text() if old or (repo / file).exists() else ""
            assert old in text, f"{breach.must}: {file} does not hold {old!r}"
            (repo / file).parent.mkdir(parents=True, exist_ok=True)
            (repo / file).write_text(text.replace(old, new, 1) if old else text + new)
    recipes = {target: line for breach in chosen for target, line in breach.make.items()}
    with (repo / "Makefile").open("a") as makefile:
        for target, line in {**recipes, **up(chosen)}.items():
            makefile.write(f"\n{target}:\n\t@{line}\n")


def up(breaches: list[Breach]) -> dict[str, str]:
    """One recipe of dev.up for all of them; none if no breach changes it."""
    before, after = ("".join(getattr(breach, name) for breach in breaches) for name in ("before_up", "after_up"))
    filters = [breach.of_up_stderr for breach in breaches if breach.of_up_stderr]
    if not (before or after or filters):
        return {}
    show = "".join(f" -e '{script}'" for script in filters)
    run = RUN.format(task="dev.up")
    filtered = f"{run} 2>.dev/local/said; c=$$?; sed{show} .dev/local/said >&2; " if show else f"{run}; c=$$?; "
    return {"dev.up": f"mkdir -p .dev/local; {before}{filtered}{after}exit $$c"}


def ids(breaches: Iterable[Breach]) -> set[str]:
    return {breach.must for breach in breaches}


def all_broken(breaches: Iterable[Breach]) -> set[str]:
    """Every MUST that must be reported."""
    return {must for breach in breaches for must in (breach.must, *breach.also)}
