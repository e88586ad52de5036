"""A publisher of weight files on this machine."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Publisher(ThreadingHTTPServer):
    """Serves one content under any name, and remembers what it was asked.

    content : the file.
    etag : its mark; "" sends none.
    honours_range : whether a Range gets a 206.
    checks_if_range : whether a changed etag makes it send the whole file.
    break_after : bytes of the body after which each of the next answers breaks off, one number an answer.
    pause : seconds before an answer.
    status : anything but 200 is answered as an error.
    asked : the Range of each request, "" for none.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = b""
        self.etag = '"first"'
        self.honours_range = True
        self.checks_if_range = True
        self.break_after: list[int] = []
        self.pause = 0.0
        self.status = 200
        self.asked: list[str] = []

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class _Handler(BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        publisher = self.server
        wanted = self.headers.get("Range", "")
        publisher.asked.append(wanted)
        time.sleep(publisher.pause)
        if publisher.status != 200:
            self.send_error(publisher.status)
            return
        start = self._start(wanted)
        if start > 0 and start >= len(publisher.content):
            self.send_error(416)
            return
        body = publisher.content[start:]
        self.send_response(206 if start else 200)
        if start:
            last = len(publisher.content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(publisher.content)}")
        if publisher.etag:
            self.send_header("ETag", publisher.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: publisher.break_after.pop(0)] if publisher.break_after else body)

    def _start(self, wanted: str) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", wanted)
        stale = self.server.checks_if_range and self.headers.get("If-Range") != self.server.etag
        return int(match[1]) if match and self.server.honours_range and not stale else 0

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is for its failure."""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The publisher is reached directly, whatever proxy this machine has."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
