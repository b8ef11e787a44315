"""Which files an image is made from, read from the Dockerfile."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.engines.native import support
from devenv.model import dockerfile, services
from devenv.model.services import Build

FILES = (
    "Dockerfile", ".dockerignore", "a.txt", "b.txt", "c.txt", "c1.txt", "with space.txt", "src/x.py", "src/deep/y.py",
    "src/node_modules/lib.js", "pyproject.toml", "uv.lock",
)  # fmt: skip
ALL = {name for name in FILES if "node_modules" not in name}


@pytest.fixture
def context(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def inputs(context: Path, text: str, target: str = "dev") -> set[str]:
    """The files that count, but for the two that always do."""
    (context / "Dockerfile").write_text(text)
    found = dockerfile.inputs(Build(context, context / "Dockerfile", target))
    names = {path.relative_to(context).as_posix() for path in found}
    assert names >= {"Dockerfile", ".dockerignore"}
    return names - {"Dockerfile", ".dockerignore"}


@pytest.mark.parametrize(
    ("step", "files"),
    [
        ("COPY a.txt /x/", {"a.txt"}),
        ("copy a.txt b.txt /x/", {"a.txt", "b.txt"}),
        ("ADD a.txt /x/", {"a.txt"}),
        ("COPY /a.txt /x/", {"a.txt"}),
        ("COPY ./a.txt /x/", {"a.txt"}),
        ("COPY --chown=1:1 --link a.txt /x/", {"a.txt"}),
        ("COPY c*.txt /x/", {"c.txt", "c1.txt"}),
        ("COPY c?.txt /x/", {"c1.txt"}),
        ("COPY [ab].txt /x/", {"a.txt", "b.txt"}),
        ("COPY src /x/", {"src/x.py", "src/deep/y.py"}),  # other people's code is not walked into
        ("COPY src/ /x/", {"src/x.py", "src/deep/y.py"}),
        ("COPY src/*/y.py /x/", {"src/deep/y.py"}),
        ("COPY . /x/", ALL - {"Dockerfile", ".dockerignore"}),
        ("COPY ./ /x/", ALL - {"Dockerfile", ".dockerignore"}),
        ("COPY / /x/", ALL - {"Dockerfile", ".dockerignore"}),
        ('COPY ["a.txt", "with space.txt", "/x/"]', {"a.txt", "with space.txt"}),
        ("COPY missing.txt /x/", set()),
        ("COPY a**b /x/", set()),
        ("ADD https://example.org/a.txt /x/", set()),
        ("COPY a.txt \\\n  # a comment between\n\n  b.txt \\\n  /x/", {"a.txt", "b.txt"}),
        ("# COPY a.txt /x/", set()),
        ("RUN cp a.txt /x/", set()),
        ("ENV COPY=a.txt", set()),
    ],
)
def test_what_a_copy_takes(context: Path, step: str, files: set[str]) -> None:
    assert inputs(context, f"FROM x AS dev\n{step}\n") == files


@pytest.mark.parametrize("rebuilds", ["rebuilds", "builds anew"])  # the second is in services up to 0.6.0
def test_a_comment_may_say_what_matters_of_the_whole_context(context: Path, rebuilds: str) -> None:
    run = "RUN --mount=type=bind,target=.,rw \\\n  uv pip install --editable .\n"
    said = f"# dev.up {rebuilds} when these change: pyproject.toml uv.lock\n"
    assert inputs(context, f"FROM x AS dev\n# Why.\n{said}{run}") == {"pyproject.toml", "uv.lock"}
    assert inputs(context, f"FROM x AS dev\n{said}COPY a.txt .\n{run}") == ALL - {"Dockerfile", ".dockerignore"}


@pytest.mark.parametrize(
    ("mounts", "files"),
    [
        ("--mount=type=bind,source=uv.lock,target=/app/uv.lock", {"uv.lock"}),
        ("--mount=type=bind,target=x,src=uv.lock", {"uv.lock"}),
        ("--mount=source=uv.lock,target=x", {"uv.lock"}),  # a bind mount is what it is by default
        ("--mount=type=bind,source=src,target=/x", {"src/x.py", "src/deep/y.py"}),
        ("--mount=type=bind,target=/x", ALL - {"Dockerfile", ".dockerignore"}),  # without a source: everything
        ("--mount=type=bind,from=uv,source=a.txt,target=/x", set()),
        ("--mount=type=bind,source=a.txt,target=/x,from=uv", set()),
        ("--mount=type=cache,target=/root/.cache,id=uv", set()),
        ("--mount=type=cache,source=a.txt,target=/root/.cache", set()),
        ("--mount=type=secret,id=ca", set()),
        (
            "--mount=type=bind,source=a.txt,target=a \\\n  --mount=type=bind,source=b.txt,target=b \\\n ",
            {"a.txt", "b.txt"},
        ),
    ],
)
def test_what_a_run_binds(context: Path, mounts: str, files: set[str]) -> None:
    assert inputs(context, f"FROM x AS dev\nRUN {mounts} true\n") == files


STAGES = """\
FROM tools AS uv
COPY c1.txt .
FROM python AS base
COPY a.txt .
FROM base AS deps
COPY --from=uv /uv /bin/
COPY b.txt .
FROM deps AS dev
COPY uv.lock .
FROM base AS prod
COPY --from=deps /venv /venv
COPY . .
"""


@pytest.mark.parametrize(
    ("target", "files"),
    [
        ("base", {"a.txt"}),
        ("deps", {"a.txt", "b.txt", "c1.txt"}),
        ("dev", {"a.txt", "b.txt", "c1.txt", "uv.lock"}),
        ("DEV", {"a.txt", "b.txt", "c1.txt", "uv.lock"}),
        ("3", {"a.txt", "b.txt", "c1.txt", "uv.lock"}),
        ("prod", ALL - {"Dockerfile", ".dockerignore"}),
        ("", ALL - {"Dockerfile", ".dockerignore"}),  # the last stage
    ],
)
def test_a_stage_counts_with_those_that_it_rests_on(context: Path, target: str, files: set[str]) -> None:
    assert inputs(context, STAGES, target) == files


def test_what_prod_alone_takes_does_not_count_for_dev(context: Path) -> None:
    assert "src/x.py" not in inputs(context, STAGES, "dev")


@pytest.mark.parametrize(
    "text",
    [
        "FROM x AS one\nCOPY a.txt .\nFROM y AS dev\nCOPY --from=one /a /a\n",
        "FROM x AS One\nCOPY a.txt .\nFROM y AS dev\nCOPY --from=oNE /a /a\n",
        "FROM x AS one\nCOPY a.txt .\nFROM y AS dev\nCOPY --from=0 /a /a\n",
        "FROM x\nCOPY a.txt .\nFROM y AS dev\nCOPY --from=0 /a /a\n",
        "FROM x AS one\nCOPY a.txt .\nFROM y AS dev\nRUN --mount=type=bind,from=one,source=/b.txt,target=/b true\n",
        "FROM x AS one\nCOPY a.txt .\nFROM y AS dev\nRUN --mount=type=cache,target=/c,from=one true\n",
        "FROM x AS one\nCOPY a.txt .\nFROM --platform=$BUILDPLATFORM one AS dev\n",
        "from x as one\ncopy a.txt .\nfrom one as dev\n",
        "FROM x AS one\nCOPY a.txt .\nFROM one AS two\nFROM two AS dev\n",
        "FROM dev AS dev\nCOPY a.txt .\n",  # rests on an image of the same name
        "ARG V=1\nFROM x:${V} AS dev\nCOPY a.txt .\n",
    ],
)
def test_ways_to_rest_on_a_stage(context: Path, text: str) -> None:
    assert inputs(context, text) == {"a.txt"}


@pytest.mark.parametrize(
    "heredoc",
    [
        "RUN python3 <<EOF\nfrom os import path\nCOPY b.txt x\nEOF\n",
        "RUN python3 <<-'EOF'\n\tfrom os import path\n\tEOF\n",
        'RUN <<"END" cat > x && echo y\nFROM nowhere\nEND\n',
        "COPY <<a <<b /x/\nFROM one\na\nFROM two\nb\n",
        "RUN --mount=type=cache,target=/c \\\n  python3 <<EOF\nimport x\nfrom os import path\nEOF\n",
        "RUN echo $((1<<2)) <<< word\n",  # neither is a heredoc
    ],
)
def test_the_text_in_a_heredoc_is_not_an_instruction(context: Path, heredoc: str) -> None:
    assert inputs(context, f"FROM x AS dev\n{heredoc}COPY a.txt .\n") == {"a.txt"}


def test_the_dockerfile_counts_before_it_exists(tmp_path: Path) -> None:
    found = dockerfile.inputs(Build(tmp_path, tmp_path / "Dockerfile", "dev"))
    assert found == [tmp_path / ".dockerignore", tmp_path / "Dockerfile"]


def test_a_dockerfile_without_stages_takes_nothing(context: Path) -> None:
    assert inputs(context, "# nothing yet\nCOPY a.txt .\n") == set()


@pytest.mark.parametrize(
    ("ignore", "files"),
    [
        ("*.txt\n", {"pyproject.toml", "src/x.py", "src/deep/y.py", "uv.lock"}),
        ("*.txt\n!a.txt\n", {"a.txt", "pyproject.toml", "src/x.py", "src/deep/y.py", "uv.lock"}),
        ("src\n", ALL - {"src/x.py", "src/deep/y.py"}),
        ("/src/\n", ALL - {"src/x.py", "src/deep/y.py"}),
        ("src/*\n!src/deep\n", ALL - {"src/x.py"}),
        ("*/*.py\n", ALL - {"src/x.py"}),
        ("**/*.py\n", ALL - {"src/x.py", "src/deep/y.py"}),
        ("*\n!src/deep/y.py\n", {"src/deep/y.py"}),
        ("# *.txt\n\n  a.txt\n", ALL - {"a.txt"}),
        ("deep\nx.py\n", ALL),
        ("c?.txt\n", ALL - {"c1.txt"}),
    ],
)
def test_dockerignore_leaves_files_out(context: Path, ignore: str, files: set[str]) -> None:
    """tests/model/test_dockerignore.py asks Docker the same."""
    (context / ".dockerignore").write_text(ignore)
    assert inputs(context, "FROM x AS dev\nCOPY . /x/\n") == files - {"Dockerfile", ".dockerignore"}


def test_a_dockerignore_of_one_dockerfile_comes_first(context: Path) -> None:
    (context / "Dockerfile.dockerignore").write_text("*\n!a.txt\n")
    (context / ".dockerignore").write_text("a.txt\n")
    (context / "Dockerfile").write_text("FROM x AS dev\nCOPY . /x/\n")
    found = dockerfile.inputs(Build(context, context / "Dockerfile", "dev"))
    assert {path.name for path in found} == {"Dockerfile", "Dockerfile.dockerignore", "a.txt"}


@pytest.mark.parametrize(
    ("first", "args", "files"),
    [
        ("ARG BASE=deps", {}, {"a.txt"}),
        ("ARG BASE", {"BASE": "deps"}, {"a.txt"}),
        ('ARG BASE="deps"', {}, {"a.txt"}),
        ("ARG BASE=deps", {"BASE": "python:3.12"}, set()),
        ("# BASE has only its default", {}, {"a.txt"}),
    ],
)
def test_a_stage_may_be_named_by_an_argument(context: Path, first: str, args: dict[str, str], files: set[str]) -> None:
    text = f"{first}\nFROM python AS deps\nCOPY a.txt .\nFROM ${{BASE:-deps}} AS dev\nRUN true\n"
    (context / "Dockerfile").write_text(text)
    found = dockerfile.inputs(Build(context, context / "Dockerfile", "dev", args))
    assert {path.name for path in found} == {"Dockerfile", ".dockerignore"} | files


IMAGE = """\
FROM python:3.13 AS base
ENV PATH=/venv/bin:$PATH HOME=/tmp UV_LINK_MODE=copy MODE="a B=c" \\
    # a comment within
    REGION=eu
entrypoint ["./enter.sh"]
FROM base AS other
ENV OTHER=1
FROM base AS dev
env LEVEL old=form
HEALTHCHECK CMD true
"""


def test_what_the_image_alone_would_set_is_named_without_containers(tmp_path: Path) -> None:
    """A process has no ENTRYPOINT, ENV and HEALTHCHECK: they were left out without a word."""
    (tmp_path / "Dockerfile").write_text(IMAGE)
    build = Build(tmp_path, tmp_path / "Dockerfile", "dev")
    assert dockerfile.left_out(build) == ["ENV MODE", "ENV REGION", "ENTRYPOINT", "ENV LEVEL", "HEALTHCHECK"]
    (tmp_path / "Dockerfile").write_text("FROM a\nENV \n")
    assert dockerfile.left_out(build) == []
    (tmp_path / "Dockerfile").write_text(IMAGE)
    text = "services: {app: {build: {context: ., target: dev}, command: x, environment: {MODE: y}, entrypoint: []}}\n"
    (tmp_path / "compose.yaml").write_text(text)
    app = services.load(tmp_path / "compose.yaml", {})["app"]
    unused = "the Dockerfile's is not used"
    assert support.ignored(app) == [f"{what}: {unused}" for what in ("ENV REGION", "ENV LEVEL", "HEALTHCHECK")]


def test_stages_that_are_built_on_each_other_end(tmp_path: Path) -> None:
    """Docker refuses them. Looking for the user of the last one went round for ever."""
    (tmp_path / "Dockerfile").write_text("FROM b AS a\nFROM a AS b\nUSER 5\n")
    assert dockerfile.user(Build(tmp_path, tmp_path / "Dockerfile", "")) == "5"
    (tmp_path / "Dockerfile").write_text("FROM b AS a\nFROM a AS b\n")
    assert dockerfile.user(Build(tmp_path, tmp_path / "Dockerfile", "")) == ""
