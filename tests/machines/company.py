"""A company's own certificate authority, and a server with a certificate of it: an index for pip and npm, and files."""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import json
import ssl
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME, VERSION = "companytool", "1.0"
SIGNED = """\
basicConstraints=critical,CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=IP:{}
extendedKeyUsage=serverAuth
"""
EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
WORDS = "from the company"


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, host: str) -> Path:
    """The authority's certificate; next to it the server's, and its key."""
    own = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]  # it is marked as an authority by openssl's own settings
    openssl(folder, "req", "-x509", *EC, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Ours", *own)
    openssl(folder, "req", *EC, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=server")
    (folder / "signed.cnf").write_text(SIGNED.format(host))
    signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "signed.cnf"]
    openssl(folder, "x509", "-req", "-in", "server.csr", "-out", "server.pem", *signing)
    return folder / "ca.pem"


def wheel() -> bytes:
    """A package of one module."""
    files = {
        f"{NAME}.py": f"words = {WORDS!r}\n",
        f"{NAME}-{VERSION}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n",
        f"{NAME}-{VERSION}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    rows = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},"
        f"{len(text)}"
        for name, text in files.items()
    ]
    record = f"{NAME}-{VERSION}.dist-info/RECORD"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in {**files, record: "\n".join([*rows, f"{record},,\n"])}.items():
            archive.writestr(name, text)
    return made.getvalue()


def tarball() -> bytes:
    """The same for Node."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        files = {
            "package.json": json.dumps({"name": f"@company/{NAME}", "version": "1.0.0", "main": "index.js"}),
            "index.js": f"module.exports = {WORDS!r}\n",
        }
        for name, text in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return made.getvalue()


class Server(http.server.ThreadingHTTPServer):
    """`files`: a folder whose files it serves below /files/."""

    daemon_threads = True

    def __init__(self, folder: Path, host: str) -> None:
        super().__init__((host, 0), Handler)
        self.url = f"https://{host}:{self.server_address[1]}"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.files = folder / "files"
        self.wheel, self.tarball = wheel(), tarball()


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        found = self.content(self.path.partition("?")[0])
        self.send_response(200 if found is not None else 404)
        self.send_header("Content-Length", str(len(found or b"")))
        if "/simple/" in self.path:
            self.send_header("Content-Type", "text/html")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(found or b"")

    def do_HEAD(self) -> None:
        self.do_GET()

    def content(self, path: str) -> bytes | None:
        name = f"{NAME}-{VERSION}-py3-none-any.whl"
        if path == f"/simple/{NAME}/":
            digest = hashlib.sha256(self.server.wheel).hexdigest()
            return f'<a href="/{name}#sha256={digest}">{name}</a>'.encode()
        if path == f"/{name}":
            return self.server.wheel
        if path.lower() in (f"/npm/@company%2f{NAME}", f"/npm/@company/{NAME}"):
            return json.dumps(self.npm()).encode()
        if path == "/npm.tgz":
            return self.server.tarball
        file = self.server.files / path.removeprefix("/files/")
        return file.read_bytes() if path.startswith("/files/") and file.is_file() else None

    def npm(self) -> dict[str, object]:
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(self.server.tarball).digest()).decode()
        release = {
            "name": f"@company/{NAME}",
            "version": "1.0.0",
            "dist": {"tarball": f"{self.server.url}/npm.tgz", "integrity": integrity},
        }
        return {"name": f"@company/{NAME}", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": release}}

    def log_message(self, *words: object) -> None:
        """Nothing is printed."""


@contextmanager
def serving(folder: Path, host: str) -> Iterator[Server]:
    server = Server(folder, host)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
