"""npm packages of a private scope, as docs/private-dependencies.md says, on each engine."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPO, need
from tests.kit import registries
from tests.kit.registries import SAYS
from tests.messages import NOT_KNOWN
from tests.secrets.conftest import MakePrivate, mounted, told
from tests.verbs.fixtures import NATIVE_FIRST

HEADING = "## Install npm packages of a private scope"
APP = """\
const http = require("node:http"), net = require("node:net");
const { BIND, PORT } = process.env;
if (process.argv[2] === "check") {
  net.connect(PORT, BIND, () => process.exit(0)).on("error", () => process.exit(1));
} else {
  const { text } = require("@acme/greeting");
  http.createServer((_, answer) => answer.end(text() + (process.env.NPM_TOKEN || ""))).listen(PORT, BIND);
}
"""
PACKAGE = {"name": "shop", "version": "1.0.0", "dependencies": {"@acme/greeting": "1.0.0"}}
AUTHORITIES = "export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \\\n"


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_npm_installs_from_a_private_scope(
    private: MakePrivate, secret: str, dockerfile: Callable[[str], str], tmp_path: Path
) -> None:
    need("node")
    token = secret.translate(str.maketrans("&/+$", "____"))  # npm puts it into a header as it is
    with registries.npm(tmp_path / "npm", token) as server:
        lines = told(HEADING, 2, server).splitlines(keepends=True)
        image = mounted(dockerfile("node"), *lines[:2])
        assert AUTHORITIES in image
        files = {
            "app.js": APP,
            "package.json": json.dumps(PACKAGE),
            ".npmrc": told(HEADING, 1, server),
            "Dockerfile": image.replace(AUTHORITIES, AUTHORITIES + lines[2]),
        }
        native = "native: {node: '>=18', install: npm ci}\n"
        declared = told(HEADING, 0, server)
        repo = private(declared + native, files, language="node", ca=server.ca)
        argv = ["npm", "install", "--silent", "--package-lock-only"]
        env = {**os.environ, **repo.env, "NPM_TOKEN": token}
        subprocess.run(argv, cwd=repo.path, env=env, check=True, stdout=subprocess.DEVNULL)
        server.asked.clear()

        # A password manager that the person uses: what it prints is the token.
        manager = tmp_path / "bin/pass"
        manager.parent.mkdir()
        manager.write_text(f'#!/bin/sh\n[ "$*" = "show acme/npm" ] && cat {repo.home}/store\n')
        manager.chmod(0o755)
        repo.env["PATH"] = f"{manager.parent}{os.pathsep}{os.environ['PATH']}"
        assert repo.fails(110, "dev.up").hints == ["npm_token: read -rs NPM_TOKEN && export NPM_TOKEN"]
        (repo.home / "store").write_text(f"{token}\n")
        repo.up(token)
        assert any(path.endswith(".tgz") for path in server.asked)
        assert repo.fetch() == (200, SAYS), "and the app has no token"
        assert repo.status()["secrets"][0]["from"] == f"{NOT_KNOWN}: command pass show acme/npm"
        assert "npm_token (build): command pass show acme/npm" in repo.run("dev.doctor").stdout


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_npm_with_the_configuration_that_each_person_has(
    private: MakePrivate, secret: str, dockerfile: Callable[[str], str], tmp_path: Path
) -> None:
    need("node")
    token = secret.translate(str.maketrans("&/+$", "____"))
    text = " ".join((REPO / "docs/private-dependencies.md").read_text().split())
    declared, mount = re.findall(r"declare `(npmrc: .*?)` instead, and add `(--mount.*?)`", text)[0]
    with registries.npm(tmp_path / "npm", token) as server:
        scope, login = told(HEADING, 1, server).splitlines(keepends=True)
        files = {
            "app.js": APP,
            "package.json": json.dumps(PACKAGE),
            ".npmrc": scope,
            "Dockerfile": mounted(
                dockerfile("node"), told(HEADING, 2, server).splitlines(keepends=True)[0], f"    {mount} \\\n"
            ),
        }
        repo = private(
            f"secrets: {{{declared}}}\nnative: {{node: '>=18', install: npm ci}}\n",
            files,
            language="node",
            ca=server.ca,
        )
        (repo.home / ".npmrc").write_text(login.replace("${NPM_TOKEN}", token))
        argv = ["npm", "install", "--silent", "--package-lock-only"]
        subprocess.run(argv, cwd=repo.path, env={**os.environ, **repo.env}, check=True, stdout=subprocess.DEVNULL)
        server.asked.clear()
        repo.up(token)
        assert any(path.endswith(".tgz") for path in server.asked)
        assert repo.fetch() == (200, SAYS)
