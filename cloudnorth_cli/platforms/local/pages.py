"""Pages that load themselves anew while `deploy --watch` runs (docs/decisions/2026-11-26-watch.md)."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cloudnorth_cli.adapters import caddy
from cloudnorth_cli.adapters.reload import Reload
from cloudnorth_cli.errors import Locked
from cloudnorth_cli.platforms.local.place import Place


@contextmanager
def served(place: Place, port: Callable[[], int], refresh: Callable[[], None], release: str) -> Iterator[Reload]:
    """Send requests for pages through a server of ours. Raises Locked.

    port: tells the front's. refresh: brings what `there` says to the front. release: what serves now.
    """
    place.make()
    with _alone(place), Reload(place.pages_socket, port, release) as server:
        place.pages.write_text(server.passed)
        refresh()
        try:
            yield server
        finally:
            place.pages.write_text("")
            refresh()


def there(place: Place) -> caddy.Pages | None:
    """How the front is to send pages through a server that runs, or None. One that was killed is not there."""
    try:
        handle = os.open(place.pages, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        passed = os.read(handle, 100).decode()
        return caddy.Pages(place.pages_socket, passed) if passed else None
    finally:
        os.close(handle)


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    handle = os.open(place.pages, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Locked("another `deploy --watch` of this environment runs", code="watched") from error
    else:
        yield
    finally:
        os.close(handle)
