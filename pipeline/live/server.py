"""LiveServer: a session at an address that browsers can open, by the standard library's server."""

from __future__ import annotations

import errno
import socket
import threading

from pipeline.errors import UsageError
from pipeline.live.door import Door
from pipeline.live.handler import LiveHTTPServer
from pipeline.live.session import LiveSession


class LiveServer:
    """Serves a session; bound from the beginning, and answering from `start` to `close`.

    Raises UsageError where the port or address cannot be had.
    """

    def __init__(self, session: LiveSession, host: str = "127.0.0.1", port: int = 5000) -> None:
        self.door = Door(host)
        try:
            self._server = LiveHTTPServer((host, port), session, self.door)
        except (OSError, OverflowError) as error:
            is_foreign = (
                isinstance(error, socket.gaierror) or getattr(error, "errno", 0) == errno.EADDRNOTAVAIL
            )
            raise UsageError(
                f"Cannot serve on {host}, port {port}.",
                found=getattr(error, "strerror", None) or str(error),
                do="give --host an address of this machine" if is_foreign else "try another --port",
            ) from error
        self._host, self.port = host, int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), daemon=True)

    @property
    def address(self) -> str:
        """Address of the page, with the token in it; at all addresses of the machine, one that others can open."""
        host = _outside(self._host)
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}/" + (f"{self.door.token}/" if self.door.token else "")

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering. Viewers' threads end with the session, or within the socket's patience."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


def _outside(host: str) -> str:
    """The host, or where it stands for all addresses of this machine, that by which others reach it."""
    # Addresses of documentation (RFC 5737, RFC 3849), which are nobody's.
    elsewhere = {"0.0.0.0": "192.0.2.1", "::": "2001:db8::1"}.get(host)  # noqa: S104
    if elsewhere is None:
        return host
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect((elsewhere, 9))  # sends nothing: the system chooses where it would be sent from
        except OSError:
            return socket.gethostname()
        return str(way.getsockname()[0])
