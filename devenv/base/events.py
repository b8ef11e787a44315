"""What happens, as values: operations report events and know nothing of terminals.

A reader turns events into something that people or programs read: `output.plain_reader` into lines on stderr,
`devenv/readers/` into a list on a terminal, a log file, and JSON. Operations report through the functions below.

    with events.step("build", "app", "not built yet") as step:
        step.progress(3, 7, "steps")

Steps nest. A step belongs to the thread or context that began it; `carried` hands it to another thread.
"""

from __future__ import annotations

import functools
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any, NamedTuple, TypeVar

from devenv.base import foreign
from devenv.base.errors import INTERRUPTED, DevError

STEP_BEGAN = "step-began"
STEP_PROGRESSED = "step-progressed"
STEP_ENDED = "step-ended"
STEP_FAILED = "step-failed"
PLANNED = "planned"  # the steps that will follow; `items` has them
COMMAND = "command"  # a command of the engine, before it runs
COMMAND_ENDED = "command-ended"
ATTACHED = "attached"  # a command that gets the terminal, before it runs
LINE = "line"  # one line that a command printed
NOTE = "note"
WARNING = "warning"
ERROR = "error"
ANSWER = "answer"  # one line of what the command writes to stdout
RESULT = "result"  # the last sentence of a command: what happened, and how to undo it

SERVICE = "service"  # the name of a step that brings up a whole required service
F = TypeVar("F", bound=Callable[..., Any])


class Event(NamedTuple):
    """One event. Only the fields that its kind needs are set; CONTRACT.md lists them."""

    kind: str
    time: float = 0.0  # seconds since the epoch
    step: int = 0  # the step that it belongs to; 0: none
    parent: int = 0  # of a step: the step around it
    name: str = ""  # of a step: build, start, migrate
    service: str = ""  # of a step: the services it is about; of a line: the required service that printed it
    text: str = ""  # for people, without a line break at the end
    seconds: float | None = None  # how long it took
    code: int | None = None  # an exit code
    done: int | None = None  # of `total`, in `unit`
    total: int | None = None
    unit: str = ""
    argv: tuple[str, ...] = ()  # of a command
    items: tuple[str, ...] = ()  # of a plan: what follows; of an error: its hints
    said: str = ""  # of a step: the line that plain text has for it, where it has one

    def as_dict(self) -> dict[str, Any]:
        """For programs: without empty fields. The keys are in CONTRACT.md."""
        kept = {key: value for key, value in self._asdict().items() if value not in ("", (), None)}
        kept = {key: value for key, value in kept.items() if key != "said" and (value or key not in ("step", "parent"))}
        return {**kept, **{key: round(kept[key], 3) for key in ("time", "seconds") if key in kept}}


def title(name: str, service: str = "") -> str:
    """What a step is called: `build app`; a required service is called by its name alone."""
    return " ".join(filter(None, ["" if name == SERVICE else name, service]))


Reader = Callable[[Event], None]
_readers: list[Reader] = []
_lock = threading.RLock()  # readers see one event at a time
_numbers = itertools.count(1)
_current: ContextVar[Step | None] = ContextVar("step", default=None)


def subscribe(reader: Reader) -> None:
    """From now on, this reader gets each event, too."""
    _readers.append(reader)


@contextmanager
def read_by(*readers: Reader) -> Iterator[None]:
    """Within the block, exactly these readers get the events."""
    before = _readers[:]
    _readers[:] = readers
    try:
        yield
    finally:
        _readers[:] = before


def publish(kind: str, text: str = "", **fields: Any) -> None:
    """Report an event of the current step to every reader. Text may be another program's: what it would do to a
    terminal, and passwords in addresses, are removed here, in one place.
    """
    around = _current.get()
    event = Event(kind, time.time(), **{"step": around.number if around else 0, "text": text, **fields})
    event = event._replace(
        text=_fit(event.text),
        said=_fit(event.said),
        items=tuple(map(_fit, event.items)),
        argv=tuple(map(foreign.masked, event.argv)),
    )
    with _lock:
        for reader in _readers:
            reader(event)


def _fit(text: str) -> str:
    """A text that shows no password, and does nothing to a terminal but to appear."""
    return foreign.masked(foreign.clean(text))


def note(text: str = "") -> None:
    """Progress that belongs to no step."""
    publish(NOTE, text)


def warn(text: str) -> None:
    """The command goes on, but the user should see it."""
    publish(WARNING, text)


def result(text: str) -> None:
    """The last sentence of a command: what happened, and how to undo it."""
    publish(RESULT, text)


def error(failure: DevError) -> None:
    """A failure, with its code and its hints."""
    publish(ERROR, failure.message, code=failure.code, items=failure.advice)


def planned(text: str, items: Sequence[str]) -> None:
    """What will follow, in words, and the titles of the steps."""
    publish(PLANNED, text, items=tuple(items))


class Step:
    """A step in progress, see `step`."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text
        self.said = ""  # the line that plain text has for its end; empty: none

    def progress(self, done: int, total: int | None = None, unit: str = "", text: str = "") -> None:
        """How far it is: `done` of `total` in `unit`."""
        publish(STEP_PROGRESSED, text, done=done, total=total, unit=unit, step=self.number)


@contextmanager
def step(name: str, service: str = "", text: str = "", said: str = "") -> Iterator[Step]:
    """One step of an operation: `name` in one or two words, the service, and what for. It fails if the block does.

    `said`: the line of plain text for its beginning. The block may set `step.said` and `step.text` for its end. Most
    steps need no such line, since their commands are printed.
    """
    around = _current.get()
    made = Step(next(_numbers), text)
    known = {"step": made.number, "parent": around.number if around else 0, "name": name, "service": service}
    token = _current.set(made)
    start = time.monotonic()
    try:
        publish(STEP_BEGAN, text, said=said, **known)
        try:
            yield made
        except BaseException as failure:
            code = failure.code if isinstance(failure, DevError) else None
            code = INTERRUPTED if isinstance(failure, KeyboardInterrupt) else code
            publish(STEP_FAILED, made.text, seconds=time.monotonic() - start, code=code, **known)
            raise
        publish(STEP_ENDED, made.text, seconds=time.monotonic() - start, said=made.said, **known)
    finally:
        _current.reset(token)


def stepped(name: str, text: str = "") -> Callable[[F], F]:
    """A decorator: each call of the function is a step."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def within(*args: Any, **named: Any) -> Any:
            with step(name, text=text):
                return function(*args, **named)

        return within  # type: ignore[return-value]

    return decorate


def progress(done: int | None = None, total: int | None = None, unit: str = "", text: str = "") -> None:
    """How far the current step is."""
    publish(STEP_PROGRESSED, text, done=done, total=total, unit=unit)


def carried(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the current step, for another thread. It can be called once."""
    return functools.partial(copy_context().run, function)


@contextmanager
def meanwhile(look: Callable[[], None], every: float) -> Iterator[None]:
    """During the block, call `look` every `every` seconds in another thread, whose events belong to this step."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(every):
            look()

    looking = threading.Thread(target=carried(run), daemon=True)
    looking.start()
    try:
        yield
    finally:
        done.set()
        looking.join()
