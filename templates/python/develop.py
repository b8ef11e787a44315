{% set worker = cookiecutter.worker != "none" %}
# Owner: shared. Edit freely: updates are merged in (cruft, three-way).
"""Runs this service in development and reloads it after an edit: `python develop.py app 0.0.0.0:8000`.

The first process holds the port and imports the libraries. After each edit it forks a process that imports this
service's code and serves it, so a reload takes only as long as that. Requests wait at the port until the code is
complete. If the code cannot be imported, the traceback is the answer, and in the log, until the next edit.
{% if worker %}
`python develop.py worker` does the same for the worker, which has no port.
{% endif %}
"""

{% block imports %}{% endblock %}
import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import struct
import sys
{% block threads %}{% endblock %}
import time
import traceback
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from typing import Any

ROOT = os.path.dirname(os.path.abspath(__file__))
# Checkouts of libraries that `inv dev.edit` chose: they are watched like this repository.
FOLDERS = (ROOT, *filter(None, os.environ.get("DEV_LIBRARIES", "").split(os.pathsep)))
# Imported once, not after each edit. Add others that are slow, but none that reads your settings or imports your code.
{% block libraries %}{% endblock %}
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
    for name in {{ "(*LIBRARIES, *(OF_APP if listener else OF_WORKER))" if worker else "LIBRARIES" }}:
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
{% if worker %}
    if listener is None:
        return work(broken)
{% else %}
    assert listener
{% endif %}
    app: Any = None
    if not broken:
        try:
            app = load()
        except (Exception, SystemExit):
            broken = traceback.format_exc()
            print(broken, file=sys.stderr, flush=True)
    return serve(listener, refuse(broken) if broken else app)


{% block stack %}{% endblock %}


if __name__ == "__main__":
    main()
