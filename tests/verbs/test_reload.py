"""The daily loop: an edit is answered soon, no request is lost meanwhile, and a broken edit says what is wrong."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import NamedTuple

import pytest

from tests.conftest import need, until
from tests.verbs.fixtures import ENGINES, MakeRepo, removed_after
from tests.verbs.repo import Repo, get

pytestmark = pytest.mark.timeout(900)


class Stack(NamedTuple):
    """What answers `/`: its file, the line that is replaced, and a line that answers with a text instead."""

    file: str
    old: str
    new: str
    template: str = ""

    def answer(self, repo: Repo, text: str) -> None:
        source = (repo.path / self.file).read_text()
        line = re.escape(self.old) + "|" + re.escape(self.new).replace("TEXT", "[^\"'`]*")
        changed, count = re.subn(line, lambda _: self.new.replace("TEXT", text), source)
        assert count == 1, source
        (repo.path / self.file).write_text(changed)


STACKS = {
    "django": Stack(
        "courses/views.py",
        'return render(request, "courses/index.html", {"courses": courses()})',
        'return HttpResponse("TEXT")',
        "courses/templates/courses/index.html",
    ),
    "fastapi": Stack(
        "app/pages.py",
        'return templates.TemplateResponse(request, "index.html", {"courses": courses})',
        'return HTMLResponse("TEXT")',
        "app/templates/index.html",
    ),
    "node": Stack("src/app.js", 'reply.type("text/html; charset=utf-8");', 'return reply.send("TEXT");'),
}


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest, engine: str) -> Stack:
    if request.param == "node" and engine == "native":
        need("node")
    return STACKS[request.param]


@pytest.fixture
def service(make_repo: MakeRepo, stack: Stack) -> Iterator[Repo]:
    """A service that is up, with a cache and a worker, which an edit restarts at the same time."""
    name = next(name for name, each in STACKS.items() if each is stack)
    with removed_after(make_repo(name, database="none", cache="redis", worker="queue")) as repo:
        repo.ok("dev.up")
        yield repo


@contextmanager
def asked_all_the_time(url: str) -> Iterator[list[str]]:
    """The answers of requests that follow each other; an empty one for each that was not answered."""
    answers: list[str] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                answers.append(get(url)[1])
            except OSError:
                answers.append("")
            time.sleep(0.01)

    browsers = [threading.Thread(target=ask) for _ in range(2)]
    for browser in browsers:
        browser.start()
    try:
        yield answers
    finally:
        done.set()
        for browser in browsers:
            browser.join()


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_the_loop_of_an_engineer(service: Repo, stack: Stack) -> None:
    url = service.status()["url"]
    no_edit_is_lost_and_no_request(service, stack, url)
    a_syntax_error_is_the_answer_until_the_next_edit(service, stack, url)
    if stack.template:
        a_template_is_live_and_restarts_nothing(service, stack, url)
    else:
        node_imports_the_libraries_before_the_edit(service, stack, url)
    the_worker_is_healthy_again(service)


def no_edit_is_lost_and_no_request(repo: Repo, stack: Stack, url: str) -> None:
    """Of quick edits, several within a second and of the same size, each answer is one of those written, in order."""
    texts = [f"edit {number:02}" for number in range(50)]
    stack.answer(repo, texts[0])
    assert until(lambda: texts[0] in get(url)[1])
    with asked_all_the_time(url) as answers:
        for text in texts[1:]:
            stack.answer(repo, text)
            time.sleep(0.05)
        assert until(lambda: texts[-1] in get(url)[1])
    seen = [texts.index(answer) if answer in texts else answer for answer in answers]
    assert all(isinstance(each, int) for each in seen), [each for each in seen if not isinstance(each, int)]
    for text in texts[:10]:
        stack.answer(repo, text)
        assert until(lambda text=text: text in get(url)[1]), text


def a_syntax_error_is_the_answer_until_the_next_edit(repo: Repo, stack: Stack, url: str) -> None:
    correct = (repo.path / stack.file).read_text()
    (repo.path / stack.file).write_text(correct + "\n} else (\n")
    assert until(lambda: get(url)[0] == 500)
    assert "SyntaxError" in get(url)[1]
    assert "SyntaxError" in repo.ok("dev.logs", "-s", "app").stdout
    (repo.path / stack.file).write_text(correct.replace("edit 09", "correct"))
    assert until(lambda: get(url) == (200, "correct"))


def a_template_is_live_and_restarts_nothing(repo: Repo, stack: Stack, url: str) -> None:
    source = (repo.path / stack.file).read_text()
    (repo.path / stack.file).write_text(source.replace(stack.new.replace("TEXT", "correct"), stack.old))
    assert until(lambda: "<h1>" in get(url)[1])
    reloads = repo.ok("dev.logs", "-s", "app").stdout.count("reloading")
    repo.edit(stack.template, "<h1>Courses", "<h1>Edited")
    assert until(lambda: "<h1>Edited" in get(url)[1])
    assert repo.ok("dev.logs", "-s", "app").stdout.count("reloading") == reloads


def node_imports_the_libraries_before_the_edit(repo: Repo, stack: Stack, url: str) -> None:
    """The process that has the new code began before the edit. After an edit of package.json it did not."""
    file, package = repo.path / stack.file, repo.path / "package.json"
    source = file.read_text()
    numbers = count()

    def began() -> float:
        return float(get(url)[1].rpartition(" ")[2])

    def began_before_the_edit() -> bool:
        text, edited = f"number {next(numbers)} ", time.time()
        line = stack.new.replace('"TEXT"', f'"{text}" + performance.timeOrigin')
        file.write_text(source.replace(stack.new.replace("TEXT", "correct"), line))
        assert until(lambda: get(url)[1].startswith(text))
        return began() < edited * 1000

    assert until(began_before_the_edit)
    edited = time.time()
    package.write_text(package.read_text() + "\n")
    assert until(lambda: began() > edited * 1000)


def the_worker_is_healthy_again(repo: Repo) -> None:
    def healthy() -> bool:
        return next(s for s in repo.status()["services"] if s["name"] == "worker")["healthy"] is True

    assert until(healthy)
    assert get(repo.status()["url"], "/api/report", "POST")[0] == 202
    assert until(lambda: get(repo.status()["url"], "/api/report")[0] == 200)
