"""Our reading of .dockerignore against Docker's: what `COPY . /` takes into an image without a base."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from devenv.model import dockerfile
from devenv.model.services import Build

FILES = ("a.txt", "b.txt", "b.py", ".env", "src/a.txt", "src/deep/a.txt", "src/deep/b.py", "x/src/a.txt", "x.d/a.txt")
IGNORES = (
    "*.txt", "*.txt\n!a.txt", "**/*.txt\n!**/deep/*", "src", "/src", "src/", "src/*\n!src/deep", "*/a.txt", "**/a.txt",
    "*", "*\n!src", "*\n!src/deep/b.py", "# a.txt\n\n  b.txt  ", "deep", "**/deep", "?.txt", "./a.txt", "src/../b.py",
    "x*", ".*", "src/**", "!a.txt\n*.txt", "a.txt\n!a.txt\na.txt", "[ab].py", "**",
)  # fmt: skip


@pytest.mark.engine
@pytest.mark.parametrize("ignore", IGNORES)
def test_we_leave_out_what_docker_leaves_out(tmp_path: Path, ignore: str) -> None:
    context, image = tmp_path / "context", tmp_path / "image"
    for name in FILES:
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text(name)
    (context / ".dockerignore").write_text(ignore)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    subprocess.run(["docker", "build", "--quiet", "--output", image, context], check=True, capture_output=True)
    taken = {path.relative_to(image).as_posix() for path in image.rglob("*") if path.is_file()}
    ours = dockerfile.inputs(Build(context, context / "Dockerfile", ""))
    names = {path.relative_to(context).as_posix() for path in ours}
    assert names - {"Dockerfile", ".dockerignore"} == taken - {"Dockerfile", ".dockerignore"}
