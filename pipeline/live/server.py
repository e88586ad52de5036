"""LiveServer: a session at an address that browsers can open, by the standard library's server."""

from __future__ import annotations

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
            raise UsageError(
                f"Cannot serve on {host}, port {port}.", found=str(error), do="try another --port"
            ) from error
        self._host, self.port = host, int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), daemon=True)

    @property
    def address(self) -> str:
        """Address of the page, with the token in it."""
        host = f"[{self._host}]" if ":" in self._host else self._host
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
