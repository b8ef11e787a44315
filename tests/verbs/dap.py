"""A debugger's client as an editor is one: the Debug Adapter Protocol over a socket, for what a test asks of it."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

Message = dict[str, Any]
TIMEOUT = 60.0  # seconds for each message


class Session:
    """One connection. Events that come before anybody waits for them are kept."""

    def __init__(self, port: int) -> None:
        self.wire = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self.stream = self.wire.makefile("rwb")
        self.number = 0
        self.unread: list[Message] = []

    def attach(self, source: Path, line: int, arguments: Message) -> None:
        """Attach with a breakpoint set, as editors do it: the answer to attach comes after all the rest."""
        self.ask("initialize", {"adapterID": "test", "pathFormat": "path", "supportsStartDebuggingRequest": False})
        self.send("attach", arguments)
        self.event("initialized")
        self.ask("setBreakpoints", {"source": {"path": str(source)}, "breakpoints": [{"line": line}]})
        self.ask("configurationDone", {})

    def ask(self, command: str, arguments: Message) -> Message:
        """Send a request and return the body of its answer."""
        number = self.send(command, arguments)
        answer = self._find(lambda m: m["type"] == "response" and m["request_seq"] == number)
        assert answer["success"], answer
        return dict(answer.get("body") or {})

    def event(self, name: str) -> Message:
        """Wait for an event and return its body."""
        return dict(self._find(lambda m: m["type"] == "event" and m["event"] == name).get("body") or {})

    def send(self, command: str, arguments: Message) -> int:
        """Send a request and return its number."""
        self.number += 1
        text = json.dumps({"seq": self.number, "type": "request", "command": command, "arguments": arguments}).encode()
        self.stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        self.stream.flush()
        return self.number

    def close(self) -> None:
        """Leave the program alone, as an editor that is closed."""
        self.stream.close()
        self.wire.close()

    def _find(self, wanted: Any) -> Message:
        while not (found := next(filter(wanted, self.unread), None)):
            self.unread.append(self._read())
        self.unread.remove(found)
        return found

    def _read(self) -> Message:
        length = 0
        while line := self.stream.readline().strip():
            length = int(line.partition(b":")[2])
        assert length, f"the debugger hung up; unread: {self.unread}"
        return dict(json.loads(self.stream.read(length)))
