"""Door: lets in viewers that come by a local name or with the token, so many at a time."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

#: Viewers at a time; each has a thread, and at most one picture waiting in its socket.
MOST_VIEWERS = 64

_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class Door:
    """Lets in viewers at one address.

    At the machine's own address it asks for no token, and lets in only those who came by a local name: no page of
    another site can reach it through the browser by a name of its own. At any other address everything lies behind a
    random token. token : empty where none is asked for. viewers : how many are in.
    """

    def __init__(self, host: str) -> None:
        self._local = _is_loopback(host)
        self.token = "" if self._local else secrets.token_urlsafe(24)
        self.viewers = 0
        self._counting = threading.Lock()

    def place(self, path: str, host_header: str) -> str | None:
        """The path that is asked for, without the token; None where it may not be asked for."""
        if self._local:
            return path if _name_in(host_header) in _LOCAL_NAMES else None
        given, _, rest = path.removeprefix("/").partition("/")
        return f"/{rest}" if hmac.compare_digest(given.encode(), self.token.encode()) else None

    @contextmanager
    def counted(self) -> Iterator[bool]:
        """A viewer for the time of the body; False where there are too many."""
        with self._counting:
            self.viewers += 1
            welcome = self.viewers <= MOST_VIEWERS
        try:
            yield welcome
        finally:
            with self._counting:
                self.viewers -= 1


def _name_in(host_header: str) -> str | None:
    try:
        return urlsplit(f"//{host_header}").hostname
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
