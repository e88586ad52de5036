"""The answers to a browser: the page, its pictures, what is told about them, and its wishes."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import ConfigError
from pipeline.live.door import MOST_VIEWERS, Door
from pipeline.live.live_picture import LivePicture
from pipeline.live.session import LiveSession

#: Between the pictures of a stream (RFC 2046); no JPEG holds it.
_BOUNDARY = "seg-video-picture"
_PART_HEAD = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n".encode()

#: A viewer that takes nothing for so long is let go; one that looks on at a standing picture hears from us so often.
_SOCKET_SECONDS, _HEARTBEAT_SECONDS = 10.0, 1.0

#: How soon another state of the source is told.
_STEP_SECONDS = 0.1

_MOST_BODY = 10_000

_FULL = f"There are {MOST_VIEWERS} viewers, and no room for another; close one."


class LiveHTTPServer(ThreadingHTTPServer):
    """The standard library's server, with the session that it shows and the door that viewers come by."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], session: LiveSession, door: Door) -> None:
        self.session, self.door = session, door
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, LiveHandler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A viewer that goes away in the middle of something is nobody's error."""


class LiveHandler(BaseHTTPRequestHandler):
    """Answers one viewer, in a thread of its own."""

    server: LiveHTTPServer

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "seg-video", ""
    timeout = _SOCKET_SECONDS

    def log_message(self, *args: object) -> None:
        """Requests are no news; with a token they would also be a secret."""

    def do_GET(self) -> None:
        """Page, pictures and what is told."""
        answers: dict[str, Callable[[], None]] = {
            "/": self._page,
            "/stream.mjpg": self._stream,
            "/snapshot.jpg": self._snapshot,
            "/detections": self._events,
            "/state": lambda: self._json(self.server.session.facts()),
        }
        self._answer(answers)

    def do_POST(self) -> None:
        """A change of the controls."""
        self._answer({"/control": self._control})

    def _answer(self, answers: dict[str, Callable[[], None]]) -> None:
        place = self.server.door.place(urlsplit(self.path).path, self.headers.get("Host", ""))
        answer = answers.get(place or "")
        if answer is None:
            self._refuse(HTTPStatus.FORBIDDEN if place is None else HTTPStatus.NOT_FOUND)
        else:
            answer()

    def _page(self) -> None:
        widest = self.server.session.widest
        page = files("pipeline.live").joinpath("page.html").read_text(encoding="utf-8")
        for mark, told in (
            ("CLASSES", sorted({name for _, name in widest.names})),
            ("VIEWS", widest.possible),
            ("COLOURS", list((widest.classes.by_name if widest.classes else {}).items())),
        ):
            page = page.replace(f"/*{mark}*/[]", json.dumps(told).replace("<", "\\u003c"))
        self._send("text/html; charset=utf-8", page.encode())

    def _snapshot(self) -> None:
        shown = self.server.session.shown
        if shown is None:
            trouble = self.server.session.source.trouble
            because = f": {trouble}" if trouble else ""
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, f"No picture has come yet{because}; ask again.")
        else:
            self._send("image/jpeg", shown.jpeg)

    def _stream(self) -> None:
        with self.server.door.counted() as welcome:
            if not welcome:
                return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, _FULL)
            self._head(f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
            self.wfile.write(_PART_HEAD)
            for shown, _ in _news(self.server.session, 0):
                picture = shown or self.server.session.shown
                if picture is not None:  # an old one again tells whether the viewer is still there
                    # Browsers show a picture when the next one's head is here.
                    self.wfile.write(picture.jpeg + b"\r\n" + _PART_HEAD)
        return None

    def _events(self) -> None:
        with self.server.door.counted() as welcome:
            if not welcome:
                return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, _FULL)
            self._head("text/event-stream; charset=utf-8")
            for shown, over in _news(self.server.session, 0):
                facts = dict(shown.facts) if shown is not None else self.server.session.facts()
                if over:
                    facts["state"] = "ended"
                self.wfile.write(
                    f"data: {json.dumps({**facts, 'viewers': self.server.door.viewers})}\n\n".encode()
                )
        return None

    def _control(self) -> None:
        # A form of another site cannot send this type without the browser asking us first.
        if self.headers.get_content_type() != "application/json":
            return self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_BODY:
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            wishes = json.loads(self.rfile.read(int(length)))
            if not isinstance(wishes, dict):
                raise ConfigError("The controls must be an object.")
            self.server.session.control(wishes)
        except (ValueError, RecursionError, ConfigError) as error:
            return self._json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        return self._json(self.server.session.facts())

    def _json(self, value: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send("application/json", json.dumps(value).encode(), status)

    def _send(self, kind: str, content: bytes, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._head(kind, status, len(content))
        self.wfile.write(content)

    def _head(self, kind: str, status: HTTPStatus = HTTPStatus.OK, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header(
            "Content-Security-Policy",
            "default-src 'none'; img-src 'self' blob:; connect-src 'self'; "
            "style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'",
        )
        if length is None:
            self.close_connection = True
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _refuse(self, status: HTTPStatus, because: str = "") -> None:
        self.close_connection, told = True, f"{status.value} {status.phrase}"
        self._send("text/plain; charset=utf-8", f"{because or told}\n".encode(), status)


def _news(session: LiveSession, after: int) -> Iterator[tuple[LivePicture | None, bool]]:
    """Each new picture, the newest alone, and whether it was the last.

    None where another state began, or for a while nothing happened.
    """
    state, silent = session.source.state, 0.0
    while True:
        shown = session.wait(after, _STEP_SECONDS)
        silent = 0.0 if shown is not None else silent + _STEP_SECONDS
        changed, state = session.source.state != state, session.source.state
        if shown is not None:
            after = shown.number
        if shown is not None or changed or session.is_over or silent >= _HEARTBEAT_SECONDS:
            silent = 0.0
            yield shown, session.is_over
        if session.is_over:
            return
