"""Where Python has no ensurepip, pip itself comes from the index: found as pip would find it, and checked."""

from __future__ import annotations

import base64
import importlib.util
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

BOOTSTRAP = Path(__file__).resolve().parents[2] / "devenv" / "bootstrap.py"
PAGE = '<a href="../../files/pip-26.0.tar.gz">old</a> <a href="../../files/{}?a=1&amp;b=2#sha256=0">pip</a>'


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", BOOTSTRAP)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("PIP_INDEX_URL", "PIP_CERT", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    return module


class Index(ThreadingHTTPServer):
    """A package index with one file, which is not the pip that is pinned."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PAGE.format("pip-26.0.1-py3-none-any.whl").encode())

    def log_message(self, *_: object) -> None:
        """Not on the test's output."""


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as index:
        threading.Thread(target=index.serve_forever, daemon=True).start()
        yield index
        index.shutdown()


def test_another_pip_than_the_pinned_one_is_refused(
    bootstrap: ModuleType, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"http://ann:p%40ss@{index.address}/team/simple/")
    with pytest.raises(bootstrap.BootstrapError, match="sha256"):
        bootstrap.download_pip()
    login = "Basic " + base64.b64encode(b"ann:p@ss").decode()
    assert index.asked == [
        ("/team/simple/pip/", login),
        ("/team/files/pip-26.0.1-py3-none-any.whl?a=1&b=2", login),  # the same host, so the same login
    ]


def test_the_login_of_the_index_stays_with_it(
    bootstrap: ModuleType, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.PAGE", f'<a href="http://localhost:{index.server_port}/{{}}">pip</a>')
    monkeypatch.setenv("PIP_INDEX_URL", f"http://ann:secret@{index.address}/simple")
    with pytest.raises(bootstrap.BootstrapError, match="sha256"):
        bootstrap.download_pip()
    assert index.asked[1] == ("/pip-26.0.1-py3-none-any.whl", "")


def test_an_index_without_it_gets_another_hint(
    bootstrap: ModuleType, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{index.address}/simple")
    monkeypatch.setattr(bootstrap, "PIP_WHEEL", "pip-99-py3-none-any.whl")
    with pytest.raises(bootstrap.BootstrapError, match=r"does not list pip-99-py3-none-any.whl") as problem:
        bootstrap.download_pip()
    assert "python3-venv" in problem.value.hint


def configuration(folder: Path, index: str, section: str = "global") -> Path:
    (folder / "pip").mkdir(parents=True)
    (folder / "pip/pip.conf").write_text(f"[{section}]\nindex-url = {index}\nproxy = 100%\n")
    return folder / "pip/pip.conf"


def test_the_index_is_the_one_that_pip_would_use(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "shared"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    configuration(tmp_path / "shared", "https://shared.example")
    assert bootstrap.pip_setting("index-url") == "https://shared.example"
    configuration(tmp_path / "own", "https://own.example")
    assert bootstrap.pip_setting("index-url") == "https://own.example"
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration(tmp_path / "given", "https://given.example", "install")))
    assert bootstrap.pip_setting("index-url") == "https://given.example"
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example")
    assert bootstrap.pip_setting("index-url") == "https://variable.example"


def test_no_configuration_is_read_where_pip_reads_none(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    configuration(tmp_path, "https://shared.example")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert bootstrap.pip_setting("index-url") is None
