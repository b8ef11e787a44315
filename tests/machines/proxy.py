"""A proxy as companies have it: it records each host that it is asked for, and passes on requests and tunnels."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import select
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

BRIDGE = "172.17.0.1"  # what containers reach of this machine, unless docker0 says something else


class Proxy(http.server.ThreadingHTTPServer):
    """`asked`: the hosts. `answers`: of these it answers itself, as a web server outside that only it can reach."""

    daemon_threads = True
    outside = "outside.invalid"

    def __init__(self, host: str) -> None:
        super().__init__((host, 0), Handler)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]}:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        host = urlsplit(self.path).hostname or ""
        self.server.asked.append(host)
        body = b"from the outside"
        if host != self.server.outside:
            parts = urlsplit(self.path)
            upstream = http.client.HTTPConnection(host, parts.port or 80, timeout=30)
            upstream.request("GET", parts._replace(scheme="", netloc="").geturl())
            body = upstream.getresponse().read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        self.server.asked.append(host.strip("[]"))
        with contextlib.suppress(OSError), socket.create_connection((host.strip("[]"), int(port)), 30) as other:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: other, other: self.connection}
            while ready := select.select(list(ends), [], [], 60)[0]:
                for end in ready:
                    if not (some := end.recv(65536)):
                        return
                    ends[end].sendall(some)

    def log_message(self, *words: object) -> None:
        """Nothing is printed."""


def bridge() -> str:
    """The address by which containers reach this machine."""
    form = "{{(index .IPAM.Config 0).Gateway}}"
    argv = ["docker", "network", "inspect", "bridge", "--format", form]
    return subprocess.run(argv, capture_output=True, text=True).stdout.strip() or BRIDGE


@contextmanager
def running(host: str) -> Iterator[Proxy]:
    proxy = Proxy(host)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
