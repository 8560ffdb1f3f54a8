"""A command in a container that runs, over a WebSocket (`v5.channel.k8s.io`, which can also end its input).

Channels 0 to 4 are its input, output, errors, end and terminal size (kubernetes.io, "WebSocket" in client-go's
remotecommand; KEP-4006).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import sys
import termios
import tty as terminal
from collections.abc import Callable, Iterator
from typing import Any, Literal

from cloudnorth_cli import signals
from cloudnorth_cli.adapters.kube import Api
from cloudnorth_cli.errors import Failed, Refused

Tell = Callable[[bytes, Literal["stdout", "stderr"]], None]
LOOK = 0.2
"""Seconds between two looks at the terminal's size, and at whether we were stopped."""
_IN, _OUT, _ERR, _SIZE = 0, 1, 2, 4
_CHUNK = 65536
_NOT_STARTED = re.compile(r'exec: "([^"]+)": ([^:]+)')
"""runc's words for a program that it cannot start, at the end of everybody else's."""


def here(tty: bool) -> bool:
    """Whether a terminal is wanted and we have one for it."""
    return tty and sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def why_not_started(message: str) -> str:
    """The runtime's message in as many words as it takes."""
    found = _NOT_STARTED.search(message)
    return f"cannot run {found[1]}: {found[2]}" if found else f"the command could not be started: {message}"


def run(api: Api, pod: str, container: str, words: tuple[str, ...], tell: Tell | None, *, tty: bool) -> int:
    """Run it to its end; returns its exit status.

    pod: path of the pod. tell: gets what it prints, and it has no input; default: our own input and output.
    tty: it gets a terminal, and ours is raw meanwhile. Raises Refused, Failed.
    """
    query = [("command", word) for word in words]
    query += [("container", container), ("stdin", _word(tell is None)), ("stdout", "true")]
    query += [("stderr", _word(not tty)), ("tty", _word(tty))]
    client = api.websocket(f"{pod}/exec", query)
    try:
        with _raw() if tty else contextlib.nullcontext():
            _pump(client, tell or _print, reading=tell is None, tty=tty)
        return _status(client)
    finally:
        client.close()


def _pump(client: Any, tell: Tell, *, reading: bool, tty: bool) -> None:
    size: os.terminal_size | None = None
    stopped_before = signals.came()
    while client.is_open():
        signals.check(stopped_before)
        if tty and size != (now := os.get_terminal_size(sys.stdout.fileno())):
            size = now
            window = json.dumps({"Width": size.columns, "Height": size.lines}).encode()
            _send(client.write_channel, _SIZE, window)
        watched = [client.sock.sock, *([sys.stdin.fileno()] if reading else [])]
        ready, _, _ = select.select(watched, [], [], LOOK)
        if reading and sys.stdin.fileno() in ready:
            typed = os.read(sys.stdin.fileno(), _CHUNK)
            if typed:
                _send(client.write_channel, _IN, typed)
            else:
                _send(client.close_channel, _IN)
                reading = False
        connected = _read(client)
        _told(client, tell)
        if not connected:
            return
    _told(client, tell)


def _send(how: Callable[..., object], *what: object) -> None:
    """To a command that has ended by now nothing is said; its end is what is read next."""
    with contextlib.suppress(*_broken()):
        how(*what)


def _read(client: Any) -> bool:
    """Take in what has come; False where the connection is at its end.

    A command that ends at once takes the connection along: its end is read, and the answer to it finds nobody.
    """
    try:
        client.update(timeout=0)
    except _broken():
        return False
    return True


def _broken() -> tuple[type[Exception], ...]:
    from websocket import WebSocketException

    return (OSError, WebSocketException)


def _told(client: Any, tell: Tell) -> None:
    streams: tuple[tuple[int, Literal["stdout", "stderr"]], ...] = ((_OUT, "stdout"), (_ERR, "stderr"))
    for channel, stream in streams:
        if printed := client.read_channel(channel):
            tell(printed, stream)


def _print(printed: bytes, stream: Literal["stdout", "stderr"]) -> None:
    out = sys.stdout if stream == "stdout" else sys.stderr
    out.buffer.write(printed)
    out.flush()


def _status(client: Any) -> int:
    """What the last frame tells: success, or a reason with the exit code."""
    told = json.loads(client.read_channel(3) or b"{}")
    if told.get("status") == "Success":
        return 0
    for cause in (told.get("details") or {}).get("causes") or []:
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    message = str(told.get("message") or "the connection ended before the command did")
    if _NOT_STARTED.search(message):
        raise Refused(why_not_started(message), code="program-missing")
    raise Failed(message, code="exec-failed")


@contextlib.contextmanager
def _raw() -> Iterator[None]:
    """Our terminal hands on every key."""
    before = termios.tcgetattr(sys.stdin)
    terminal.setraw(sys.stdin, termios.TCSADRAIN)  # what was typed ahead is not lost
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _word(value: bool) -> str:
    return str(value).lower()
