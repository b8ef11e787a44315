# Owner: shared. Edit freely: updates are merged in (cruft, three-way).
"""Runs this service in development and reloads it after an edit: `python develop.py app 0.0.0.0:8000`.

The first process holds the port and imports the libraries. After each edit it forks a process that imports this
service's code and serves it, so a reload takes only as long as that. Requests wait at the port until the code is
complete. If the code cannot be imported, the traceback is the answer, and in the log, until the next edit.
"""

import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from typing import Any

ROOT = os.path.dirname(os.path.abspath(__file__))
# Checkouts of libraries that `inv dev.edit` chose: they are watched like this repository.
FOLDERS = (ROOT, *filter(None, os.environ.get("DEV_LIBRARIES", "").split(os.pathsep)))
# Imported once, not after each edit. Add others that are slow, but none that reads your settings or imports your code.
LIBRARIES = (
    "django.contrib.admin.sites",
    "django.core.management.commands.check",
    "django.core.servers.basehttp",
    "django.db.backends.postgresql.base",
    "django.template.backends.django",
    "django.views.debug",
    "jwcrypto.jwt",
    "oauthlib.openid",
    "requests",
)
SUFFIXES = (".py", ".mo")
IGNORED = ("__pycache__", "node_modules", "tests")  # and folders whose names begin with a dot
SETTLED = 0.02  # seconds without another change: an editor may write a file in several steps
PATIENCE = 5  # seconds that running requests and jobs have to finish
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


def main() -> None:
    """The first process: start another one after each edit, until it is stopped."""
    kind, *address = sys.argv[1:]
    listener = bind(address[0]) if kind == "app" else None
    source = Source()
    for name in LIBRARIES:
        with suppress(Exception):  # then the code that needs it says so
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # the memory of the libraries stays shared
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    stopped: list[int] = []
    for number in SIGNALS:
        signal.signal(number, lambda number, _: stopped.append(number) if number != signal.SIGCHLD else None)
    serving, leaving = fork(listener), dict[int, float]()
    while not stopped:
        select.select([woken, *source.reports], [], [], source.pause or (1 if leaving else None))
        with suppress(BlockingIOError):
            os.read(woken, 4096)
        changed = source.changes()
        for pid in [serving, *leaving]:
            done, status = os.waitpid(pid, os.WNOHANG)
            if pid in leaving and done:
                del leaving[pid]
            elif pid in leaving and time.monotonic() > leaving[pid]:
                os.kill(pid, signal.SIGKILL)
            elif done and not changed and not stopped:
                text = f"the {kind} ended by itself (exit code {os.waitstatus_to_exitcode(status)}); the log says why"
                log(f"{text}. It starts again after the next edit.")
                serving = fork(listener, text)
        if os.path.basename(__file__) in changed or any(map(is_imported, changed)):
            stopped.append(0)
        if changed and not stopped:
            log(f"reloading after {', '.join(changed[:3])}{' and others' if changed[3:] else ''}")
            with suppress(ProcessLookupError):
                os.kill(serving, signal.SIGTERM)
            leaving[serving] = time.monotonic() + PATIENCE + 1
            if kind != "app":
                finish(leaving)  # two workers at once would take each other's jobs
            serving = fork(listener)
    for pid in (serving, *leaving):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    finish({**leaving, serving: time.monotonic() + PATIENCE + 1})
    if stopped == [0]:  # this file was edited, or a library that this process has imported
        os.execv(sys.executable, sys.orig_argv)


def is_imported(name: str) -> bool:
    """Whether this process itself has imported a file: another one would inherit the module as it was."""
    path = os.path.abspath(os.path.join(ROOT, name))
    return any(os.path.abspath(getattr(module, "__file__", None) or "") == path for module in [*sys.modules.values()])


def bind(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    listener = socket.create_server((host, int(port)), backlog=128)
    listener.setblocking(False)  # two processes may accept for a moment: each request comes to one of them
    return listener


def finish(leaving: dict[int, float]) -> None:
    """Wait for processes to end. Kill those that are not quick enough."""
    while leaving:
        for pid, until in list(leaving.items()):
            with suppress(ChildProcessError):
                if not os.waitpid(pid, os.WNOHANG)[0]:
                    if time.monotonic() > until:
                        os.kill(pid, signal.SIGKILL)
                    continue
            del leaving[pid]
        time.sleep(0.01 if leaving else 0)


def log(text: str) -> None:
    print(f"develop: {text}", file=sys.stderr, flush=True)


class Source:
    """The files of this repository and of the edited libraries.

    Linux reports changes; elsewhere the files are compared four times a second.
    """

    # Modified, attributes, written, moved from and to, created, deleted; of a folder.
    EVENTS = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x01000000
    FOLDER_OR_OVERFLOW = 0x40000000 | 0x4000

    def __init__(self) -> None:
        self.reports: list[int] = []  # the file descriptor of inotify
        if sys.platform == "linux" and not os.environ.get("POLL_FILES"):  # set it where changes are not reported
            self.libc = ctypes.CDLL(None)
            self.reports.append(self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self.files = self.scan()

    @property
    def pause(self) -> float | None:
        return None if self.reports else 0.25

    def changes(self) -> list[str]:
        """The files that differ from those of the last call, as soon as no more changes are reported."""
        if self.reports and not self._reported():
            return []
        while self.reports and select.select(self.reports, [], [], SETTLED)[0]:
            self._reported()
        before, self.files = self.files, self.scan()
        return sorted(name for name in {*before, *self.files} if before.get(name) != self.files.get(name))

    def scan(self) -> dict[str, tuple[int, int, int]]:
        found, folders = {}, [*FOLDERS]
        while folders:
            folder = folders.pop()
            self._watch(folder)  # before it is listed: a file that is created meanwhile is found or reported
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in IGNORED and not entry.name.startswith("."):
                            folders.append(entry.path)
                    elif entry.name.endswith(SUFFIXES):
                        with suppress(OSError):
                            stat = entry.stat()
                            found[os.path.relpath(entry.path, ROOT)] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        return found

    def _watch(self, folder: str) -> None:
        failed = self.reports and self.libc.inotify_add_watch(*self.reports, os.fsencode(folder), self.EVENTS) < 0
        if failed and os.path.isdir(folder):
            log("the files are compared, since Linux reports no more changes: see fs.inotify.max_user_watches")
            os.close(self.reports.pop())

    def _reported(self) -> bool:
        """Whether a change of our files is reported, not only of others such as a log."""
        with suppress(BlockingIOError):
            report, at = os.read(self.reports[0], 65536), 0
            while at < len(report):
                mask, size = struct.unpack_from("=II", report, at + 4)[0], struct.unpack_from("=I", report, at + 12)[0]
                name = os.fsdecode(report[at + 16 : at + 16 + size].rstrip(b"\0"))
                if mask & self.FOLDER_OR_OVERFLOW or name.endswith(SUFFIXES):
                    return True
                at += 16 + size
        return False


def fork(listener: socket.socket | None, broken: str = "") -> int:
    """Start a process that serves the code as it is now, or the reason why there is none. Return its id."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: it does not outlive the first process
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    if pid == 0:
        code: Any = 1
        try:
            code = run(listener, broken)
        except SystemExit as end:
            code = end.code
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(bool(code)))  # what the first process opened is not closed
    return pid


def stats(loader: SourceFileLoader, path: str, known: Any = SourceFileLoader.path_stats) -> Any:
    """The time of a module's file, with which Python judges bytecode; of the modules that are watched it uses none.

    It compares whole seconds, so the second of two quick edits would be lost.
    """
    if os.path.abspath(path).startswith(tuple(folder + os.sep for folder in FOLDERS)) and "site-packages" not in path:
        raise OSError
    return known(loader, path)


def run(listener: socket.socket | None, broken: str) -> Any:
    """Import the code and serve it; until a signal ends it."""
    SourceFileLoader.path_stats = stats
    importlib.invalidate_caches()
    assert listener
    app: Any = None
    if not broken:
        try:
            app = load()
        except (Exception, SystemExit):
            broken = traceback.format_exc()
            print(broken, file=sys.stderr, flush=True)
    return serve(listener, refuse(broken) if broken else app)


def load() -> Any:
    """The WSGI application, with the modules of its pages. What `manage.py check` finds is in the log."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.management import call_command
    from django.core.signals import request_started
    from django.template.autoreload import reset_loaders

    from config.wsgi import application

    call_command("check")
    request_started.connect(lambda **_: reset_loaders(), weak=False)  # an edit of a template needs no reload
    return StaticFilesHandler(application)


def refuse(reason: str) -> Any:
    """The application while there is none."""

    def application(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("500 Internal Server Error", [("Content-Type", "text/plain; charset=utf-8")])
        return [reason.encode()]

    return application


def serve(listener: socket.socket, app: Any) -> None:
    """Answer requests, each in a thread, with Django's development server; on SIGTERM finish those that run."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

    whole = isinstance(app, StaticFilesHandler)  # else requests are not logged: the traceback is the last in the log
    states: dict[Any, str] = {}  # of each connection: new, running a request, or waiting for another one

    class Handler(WSGIRequestHandler):
        def handle_one_request(self) -> None:
            self.rfile.peek(1)  # returns when there is a request
            states[self.connection] = "running"
            super().handle_one_request()
            states[self.connection] = "waiting"

        def log_message(self, format: str, *args: Any) -> None:
            if whole:
                super().log_message(format, *args)

        def finish(self) -> None:
            super().finish()
            del states[self.connection]

    class Server(ThreadedWSGIServer):
        def get_request(self) -> Any:
            connection, address = super().get_request()
            connection.setblocking(True)
            states[connection] = "new"
            return connection, address

    def close(state: str) -> None:
        for connection in [each for each, its in list(states.items()) if its == state]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)

    server = Server(listener.getsockname()[:2], Handler, bind_and_activate=False)
    server.socket.close()
    server.socket, server.timeout = listener, 0
    server.server_name, server.server_port = listener.getsockname()[:2]
    server.setup_environ()
    server.set_app(app)
    stopped = threading.Event()
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    while not stopped.is_set():
        if listener in select.select([listener, woken], [], [])[0]:
            server.handle_request()
    close("waiting")  # another request would meet the old code
    time.sleep(0.05)
    close("new")  # browsers open connections in advance
    until = time.monotonic() + PATIENCE
    while {"new", "running"} & set(states.copy().values()) and time.monotonic() < until:
        time.sleep(0.01)


if __name__ == "__main__":
    main()
