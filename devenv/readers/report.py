"""Events for programs: what a command did, for its --json, and one line for each event, for --events."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from devenv.base import events
from devenv.base.events import Event, title

KEPT = 20  # lines of a failed step


class Report:
    """A reader that keeps what happened: `timeline`, and the last lines of the step that failed."""

    def __init__(self) -> None:
        self.start = time.monotonic()
        self.timeline: list[dict[str, Any]] = []
        self.sentence = ""
        self.failed_lines: list[str] = []
        self._error: dict[str, Any] = {}
        self._tails: dict[int, deque[str]] = {}

    def __call__(self, event: Event) -> None:
        if event.kind == events.LINE:
            self._tails.setdefault(event.step, deque(maxlen=KEPT)).append(event.text)
        elif event.kind in (events.STEP_ENDED, events.STEP_FAILED):
            self._end(event)
        elif event.kind == events.RESULT:
            self.sentence = event.text
        elif event.kind == events.ERROR:
            self._error = {"code": event.code, "message": event.text, "hints": list(event.items)}

    def _end(self, event: Event) -> None:
        failed = event.kind == events.STEP_FAILED
        tail = self._tails.pop(event.step, None)
        if failed and not self.failed_lines:
            self.failed_lines = list(tail or [])
        if not event.parent:  # a step within another one is a part of it
            known = {"name": event.name, "service": event.service, "text": event.text}
            seconds = round(event.seconds or 0.0, 3)
            self.timeline.append({**known, "seconds": seconds, "result": "failed" if failed else "done"})

    def summary(self) -> dict[str, Any]:
        """The keys that the --json of every verb has."""
        steps = [title(step["name"], step["service"]) for step in self.timeline if step["result"] == "done"]
        took = round(time.monotonic() - self.start, 3)
        return {"steps": steps, "timeline": self.timeline, "seconds": took, "result": self.sentence}

    def failure(self, code: int) -> dict[str, Any]:
        """The whole answer of a verb that failed with an exit code."""
        tail = self.failed_lines or list(self._tails.get(0, []))
        error = self._error or {"code": code, "message": "", "hints": []}
        return {**self.summary(), "error": {**error, "log": tail}}


of_run = Report()  # of the command that runs; `main` makes it


def json_lines(write: Callable[[str], None]) -> events.Reader:
    """A reader that writes each event as one line of JSON, as it happens."""
    return lambda event: write(json.dumps(event.as_dict(), sort_keys=True))
