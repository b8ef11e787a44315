"""Services of a few lines, for what has nothing to do with a framework."""

from __future__ import annotations

# Answers what the function `answer` of answer.py returns.
SERVER = """
import http.server, os
from answer import answer

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = answer().encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *words):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""
ANSWER = "def answer():\n    return 'here'\n"
PYTHON = "{python: '>=3.9'}"

# Speaks to a Redis without a client library.
PING = """
import os, socket

def answer():
    with socket.create_connection((os.environ["CACHE_HOST"], int(os.environ["CACHE_PORT"]))) as wire:
        wire.sendall(b"PING\\r\\n")
        return wire.recv(64).decode()
"""

NODE = """
require("http").createServer((_, answer) => answer.end(process.version)).listen(process.env.PORT, "127.0.0.1");
"""
PACKAGE = '{"name": "catalog", "version": "1.0.0", "private": true}\n'
PACKAGE_LOCK = """{"name": "catalog", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
"packages": {"": {"name": "catalog", "version": "1.0.0"}}}
"""


def compose(command: str = "python server.py", app: str = "", others: str = "") -> str:
    """A compose file: the app with further lines of its own, and further services."""
    return f"""\
services:
  app:
    build: .
    command: {command}
    ports: ["127.0.0.1:${{PORT}}:${{PORT}}"]
    environment:
      PORT: ${{PORT}}
      CACHE_HOST: ${{CACHE_HOST:-cache}}
      CACHE_PORT: ${{CACHE_PORT:-6379}}
{app}{others}"""


def files(answer: str = ANSWER) -> dict[str, str]:
    return {"server.py": SERVER, "answer.py": answer}
