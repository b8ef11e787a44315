"""Pages of docs/ that begin with a new service, typed line by line from a bare start."""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.terminal import Terminal, blocks, typed
from tests.verbs import machine
from tests.verbs.repo import get

pytestmark = pytest.mark.timeout(900)
HOST = "https://git.example.org/"


def page(name: str) -> dict[str, list[str]]:
    """What a person types below each heading of a page."""
    sections = (REPO / f"docs/{name}.md").read_text().split("\n## ")
    titles = [text.split("\n")[0].lstrip("# ") for text in sections]
    return {title: [line for block in blocks(text) for line in typed(block)] for title, text in zip(titles, sections)}


START, NEW, RECIPES = page("start"), page("new-service"), page("recipes")
RECIPES_TEXT = (REPO / "docs/recipes.md").read_text()
# Where the console blocks of each page are typed, if not here.
ELSEWHERE = {
    "adopt": "tests/adopt/test_docs.py",
    "contract": "tests/suite/test_minimal.py",
    "data": "tests/data/test_walk.py",
    "fleet": "tests/fleet/test_docs.py",
    "libraries": "tests/libraries/test_walk.py",
    "private-dependencies": "tests/secrets/test_python.py",
    "security": "tests/faults/test_security.py",
    "stacks": "tests/examples/test_walk.py",
    "update": "tests/adopt/test_docs.py",
}
NOT_TYPED = {
    "benchmarks": "ten minutes of measuring, which `make bench` is for",
    "layout": "it counts the files of the template, which tests/template does",
    "machines": "its two lines name the socket of an engine; tests/machines/test_cells.py starts such engines",
    "retrofit-results": "it fetches and starts more than twenty applications, which takes hours",
}


@pytest.fixture
def terminal(template: Path, tmp_path: Path) -> Iterator[Terminal]:
    """An empty folder, and the template on a host that only git can see. Nothing is left when the test ends."""
    host = tmp_path / "git.example.org"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(template), str(host / "devenv-template")], check=True)
    (tmp_path / "gitconfig").write_text(
        f'[url "file://{host}/"]\n\tinsteadOf = {HOST}\n[user]\n\tname = Me\n\temail = me@example.org\n'
    )
    (tmp_path / "work").mkdir()
    workspace = f"t{uuid.uuid4().hex[:8]}"
    own = {"cookiecutters_dir": str(tmp_path / "templates"), "replay_dir": str(tmp_path / "replay")}
    (tmp_path / "cookiecutter.yaml").write_text(json.dumps(own))  # others clone the template at the same time
    env = {
        "DEV_ENGINE": "native",
        "DEV_WORKSPACE": workspace,
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "COOKIECUTTER_CONFIG": str(tmp_path / "cookiecutter.yaml"),
    }
    terminal = Terminal(tmp_path, env, tmp_path / "work")
    yield terminal
    made = [path.parent for path in (tmp_path / "work").glob("**/.cruft.json")]
    for repo in sorted(made, reverse=True):  # a clone or a worktree first, which ran last
        terminal.cwd = repo
        terminal.type("inv dev.destroy --yes")
    assert machine.left_by(workspace, tmp_path / "work", "native") == []


def type_all(terminal: Terminal, lines: list[str]) -> str:
    """What all lines printed."""
    return "".join(map(terminal.type, lines))


def made(terminal: Terminal, *, up: bool = True, stack: str = "django") -> str:
    """The service of docs/new-service.md, typed as the page says, with the answers that it proposes; its URL."""
    make, *rest = NEW["Make a new service"]
    make = make.partition("  ")[0].replace("cookiecutter ", "cookiecutter --no-input ", 1)
    terminal.type(f"{make} stack={stack}")
    return type_all(terminal, rest if up else rest[:-1]).strip().splitlines()[-1]


def test_every_page_with_commands_is_typed_or_says_why_not() -> None:
    here = set(re.findall(r'(?:page\("|REPO / "docs/)([a-z-]+)', Path(__file__).read_text()))
    pages = {path.stem for path in REPO.glob("docs/*.md") if blocks(path.read_text())}
    assert pages == here | set(ELSEWHERE) | set(NOT_TYPED)
    for name, file in ELSEWHERE.items():
        assert f"{name}.md" in (REPO / file).read_text()


def test_the_readme_makes_a_service_as_the_page_does() -> None:
    _, service = blocks((REPO / "README.md").read_text())
    readme, ours = (
        [line.partition("  ")[0] for line in lines] for lines in (typed(service), NEW["Make a new service"])
    )
    assert readme[0] == f"pipx run {ours[0]}"
    assert readme[1:3] == ours[1:3]
    assert readme[3] == "make dev.up"


@pytest.mark.slow
def test_a_new_service_and_its_first_clone(terminal: Terminal) -> None:
    url = made(terminal)
    assert get(url, "/health")[0] == 200
    assert terminal.type("git branch --show-current") == "main\n"
    assert "19 kept" in type_all(terminal, NEW["Check it"])
    terminal.type("inv dev.destroy --yes")

    terminal.type(f"git clone --quiet --bare . {terminal.home}/git.example.org/catalog && mkdir ../me && cd ../me")
    said = type_all(terminal, START["From clone to a change in ten minutes"])
    assert get(said.strip().splitlines()[-1], "/health")[0] == 200
    assert "login" in type_all(terminal, START["See what runs"])
    assert "passed" in type_all(terminal, START["Change something"])
    type_all(terminal, START["Change the data"])
    type_all(terminal, START["Add a dependency"])
    assert "httpx" in (terminal.cwd / "pyproject.toml").read_text()
    down, destroy = START["Stop"]
    terminal.type(down)
    assert "add --yes" in terminal.type(destroy, 114), "nobody can be asked here"


@pytest.mark.slow
def test_recipes(terminal: Terminal) -> None:
    made(terminal)
    type_all(terminal, RECIPES["Recipes"])
    compose = terminal.cwd / "compose.yaml"
    said = type_all(terminal, RECIPES["Keep settings of your own"])
    assert said.endswith("DEBUG\n")
    type_all(terminal, RECIPES["Restart"])
    address = re.findall(r"^      TEST_DATABASE_URL: .*\n", RECIPES_TEXT, re.M)[0]
    compose.write_text(compose.read_text().replace("    environment:\n", f"    environment:\n{address}", 1))
    create, up, test = RECIPES["Give your tests a second database"]
    type_all(terminal, [create, up])
    look = "import os, psycopg; print(psycopg.connect(os.environ['TEST_DATABASE_URL']).info.dbname)"
    assert terminal.type(f'inv dev.run -- python -c "{look}"') == "catalog_test\n"
    terminal.type(test)
    assert "catalog_test  unknown" in terminal.type("inv dev.state list")
    on, follow, off = RECIPES["See the SQL"]
    terminal.type(on)
    terminal.type("inv dev.run -- python manage.py migrate --check")
    assert "LOG:  statement: SELECT" in terminal.type(follow.replace("--follow", "--tail 50"))
    terminal.type(off)
    with (terminal.cwd / "config/settings.py").open("a") as settings:
        settings.write(next(line for line in RECIPES_TEXT.splitlines() if "EMAIL_B" in line))
    assert "Subject: Test email" in type_all(terminal, RECIPES["Read the mail that the service sends"])
    type_all(terminal, RECIPES["Run a command on a schedule"])
    add_services(compose)
    assert "scheduler  running (healthy)" in terminal.type("inv dev.up >/dev/null && inv dev.status")
    crontab = next(line for line in RECIPES_TEXT.splitlines() if line.startswith("0 6 * * *"))
    terminal.type(f"(cd / && {crontab[9:].strip().replace('/home/me/catalog', str(terminal.cwd))})")
    type_all(terminal, RECIPES["Work behind a proxy or with your own CA"])
    type_all(terminal, RECIPES["Attach a debugger"])
    task = RECIPES_TEXT.partition("# tasks_local.py\n")[2].partition("```")[0]
    (terminal.cwd / "tasks_local.py").write_text(task)
    type_all(terminal, RECIPES["Add a task of your own"])
    here, other = RECIPES["Use a port that is free"]
    assert ":18161" in terminal.type(here)
    workspace = f"{terminal.env['DEV_WORKSPACE']}-fix"
    assert ":18161" not in terminal.type(other.replace("--workspace fix", f"--workspace {workspace}"))
    terminal.type(f"inv dev.destroy --yes --workspace {workspace}")
    destroy, prune = RECIPES["Remove everything"]
    terminal.type(prune)
    terminal.type(destroy.replace("dev.destroy", "dev.destroy --yes"))


def add_services(compose: Path) -> None:
    """The services of the recipes, and the anchors that one of them asks for."""
    text = compose.read_text()
    for key, name in (("build", ""), ("environment", ""), ("env_file", ""), ("depends_on", "backing")):
        text = re.sub(rf"^    {key}:", rf"    {key}: &{name or key}", text, count=1, flags=re.M)
    blocks_of_yaml = "".join(re.findall(r"^```yaml\n(.*?)^```", RECIPES_TEXT, re.M | re.S))
    compose.write_text(text.replace("\nvolumes:\n", f"\n{blocks_of_yaml}\nvolumes:\n"))


@pytest.mark.slow
def test_a_production_dump(terminal: Terminal) -> None:
    made(terminal)
    snapshot, drop, load, migrate, keep = RECIPES["Load a production dump"]
    (terminal.cwd / "production.sql").write_text("CREATE TABLE from_production (id int);\n")
    for line in (snapshot, drop, load, migrate, keep):
        terminal.type(line)
    tables = "SELECT count(*) FROM pg_tables WHERE tablename IN ('from_production', 'courses_course')"
    assert terminal.type(f'inv dev.dbshell -- -qAtc "{tables}"') == "2\n"
    terminal.type("inv dev.restore before")
    assert terminal.type(f'inv dev.dbshell -- -qAtc "{tables}"') == "1\n"


@pytest.mark.slow
def test_a_second_checkout_has_a_workspace_of_its_own(terminal: Terminal) -> None:
    made(terminal, up=False)
    del terminal.env["DEV_WORKSPACE"]
    printed = type_all(terminal, page("workspaces")["Run several checkouts"]).splitlines()
    url = next(line for line in printed if line.startswith("http://"))
    assert get(url, "/health")[0] == 200
    assert terminal.cwd.name == "catalog-fix"
    assert "workspace catalog-fix" in terminal.type("inv dev.status")
    terminal.type("inv dev.destroy --yes")


@pytest.mark.slow
def test_pages_about_a_service_that_is_up(terminal: Terminal) -> None:
    made(terminal, up=False)
    url = type_all(terminal, page("native")["Without a container engine"]).strip()
    assert get(url, "/health")[0] == 200
    seeded, fresh = page("scenarios")["Data scenarios"]
    assert '"learners": 5' in terminal.type(seeded)
    terminal.type(fresh)
    assert "fetching" not in type_all(terminal, page("tools")["Where the tools come from"][2:])


@pytest.mark.slow
def test_what_ci_runs(terminal: Terminal) -> None:
    made(terminal, up=False)
    runs = re.findall(r"^ *(?:# )?- run: (.*?)(?: +#.*)?$|^    run: (.*)$", (REPO / "docs/ci.md").read_text(), re.M)
    lines = ["".join(found) for found in runs]
    assert [line.split()[-1] for line in lines] == [
        "dev.up",
        "dev.test",
        "--check",
        "--json",
        "contract.xml",
        "dev.doctor",
    ]
    for line in lines:
        if "dev.schema" not in line:  # it needs production's schema.sql
            terminal.type(line.replace("contract.check", "contract.check --static"))  # live: tests/template
    assert (terminal.cwd / "contract.xml").is_file()


@pytest.mark.slow
def test_the_page_of_options(terminal: Terminal) -> None:
    lines = " ".join(blocks((REPO / "docs/options.md").read_text())[0]).replace("\\", "").split("$ ")
    url = type_all(terminal, [line.strip() for line in lines if line]).strip().splitlines()[-1]
    assert get(url, "/health")[0] == 200
    assert "running (healthy)" in terminal.type("inv dev.status")


@pytest.mark.slow
def test_the_first_lines_of_the_concepts(terminal: Terminal) -> None:
    made(terminal, up=False)
    there, up = page("concepts")["Why it is built this way"]
    terminal.type(there.replace("a-service-you-have-never-seen", "catalog"))
    assert get(terminal.type(up).strip(), "/health")[0] == 200


@pytest.mark.slow
@pytest.mark.engine
def test_the_production_image_is_built(terminal: Terminal) -> None:
    made(terminal, up=False)
    (build,) = page("ci")["Build the production image"]
    terminal.type(build)


STACKS = {"Django": "django", "FastAPI": "fastapi", "Node": "node"}


def code(name: str, heading: str) -> list[str]:
    """The blocks of code, not of commands, below a heading of a page."""
    text = (REPO / f"docs/{name}.md").read_text().partition(f"\n{heading}\n")[2]
    text = re.split(r"^#{2,3} ", text, maxsplit=1, flags=re.M)[0]
    return re.findall(r"^```(?!console)\w+\n(.*?)^```", text, re.M | re.S)


def put(file: Path, before: str, text: str) -> None:
    """Put text before the last line that begins like this; without such words, at the end."""
    content = file.read_text()
    found = [line.start() for line in re.finditer(rf"^{re.escape(before)}", content, re.M)] if before else []
    assert found or not before, f"{file}: {before}"
    at = found[-1] if found else len(content)
    file.write_text(content[:at] + text + content[at:])


# By stack: the files of a scenario, and the lines before which the page's blocks go.
PLACES = {
    "Django": (
        ("seeds/scenarios.py", ""),
        ("courses/management/commands/seed.py", "\n    def handle"),
        ("courses/management/commands/seed.py", "            else:"),
    ),
    "FastAPI": (
        ("seeds/scenarios.py", ""),
        ("seeds/__main__.py", "    return parser.parse_args"),
        ("seeds/__main__.py", "        else:"),
    ),
    "Node": (("seeds/scenarios.js", ""), ("seeds/run.js", "import { countRows"), ("seeds/run.js", "};")),
}


@pytest.mark.slow
@pytest.mark.parametrize("stack", STACKS)
def test_the_lines_for_each_stack(terminal: Terminal, stack: str) -> None:
    made(terminal, stack=STACKS[stack])
    header, _, *rows = [
        line.split("|")[1:-1] for line in (REPO / "docs/start.md").read_text().splitlines() if "|" in line
    ]
    cell = {row[0].strip(): row[[name.strip() for name in header].index(stack)].strip(" `") for row in rows}
    assert (terminal.cwd / cell["A page to edit"]).is_file()
    terminal.type(f"inv dev.test {cell['Some of the tests']}")
    terminal.type(f"inv dev.run -- {cell['Look at the migrations']}")

    *blocks_of_code, entry = code("scenarios", f"### In {stack}")
    for (file, before), text in zip(PLACES[stack], blocks_of_code, strict=True):
        put(terminal.cwd / file, before, text)
    if stack == "Node":  # the page's import replaces the other one
        run_js = terminal.cwd / "seeds/run.js"
        run_js.write_text(
            run_js.read_text().replace('import { countRows, seedBigTenant, seedDefault } from "./scenarios.js";\n', "")
        )
    declared = code("scenarios", "### In Django")[-1]
    declared = declared if stack == "Django" else re.sub(r"^    run: .*\n", entry, declared, flags=re.M)
    put(terminal.cwd / "dev.yaml", "  big-tenant:", declared)
    (seed,) = page("scenarios")["Add a scenario"]
    assert json.loads(terminal.type(seed))["courses"] == 8

    if stack != "Django":  # for Django: tests/data/test_walk.py
        (make,) = [line for line in page("data")["In FastAPI and Node"] if (stack == "Node") == ("knex" in line)]
        add_price(terminal, stack, make)
        terminal.type("inv dev.up")
        terminal.type("inv dev.dbshell -- -c \"UPDATE course SET price = 25 WHERE code = 'welding'\"")
    terminal.type("inv dev.test")


def add_price(terminal: Terminal, stack: str, make: str) -> None:
    """The migration of docs/data.md: Alembic's comes from the model, Knex's is written by hand."""
    field, functions = code("data", "## In FastAPI and Node")
    if stack == "FastAPI":
        models = terminal.cwd / "app/models.py"
        put(models, "\n\nclass Learner", field)
        models.write_text(models.read_text().replace("MetaData, String", "MetaData, Numeric, String"))
        terminal.type(make)
        return
    terminal.type(make)
    [migration] = (terminal.cwd / "migrations").glob("*_price.mjs")
    migration.write_text(functions)
