"""An HTTP server on loopback that gives ranges of objects, and fails as it is told to."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ObjectServer(ThreadingHTTPServer):
    """objects : bytes by path. faults : what becomes of the next reads, one each. reads : spans that were given."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects, self.faults, self.reads = {}, deque(), []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request, client_address):
        """Say nothing: clients hang up, as they are made to here."""


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._answer(with_body=False)

    def do_GET(self):
        fault = self.server.faults.popleft() if self.server.faults else None
        if isinstance(fault, int):
            self.send_error(fault)
        elif fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            if fault == "slow":
                time.sleep(0.3)
            self._answer(with_body=True, cut=fault == "cut", whole=fault == "whole")

    def _answer(self, *, with_body, cut=False, whole=False):
        content = self.server.objects.get(self.path)
        if content is None:
            self.send_error(404)
            return
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        first, last = (int(span[1]), min(int(span[2]), len(content) - 1)) if span else (0, len(content) - 1)
        if whole:
            span, first, last = None, 0, len(content) - 1
        self.send_response(206 if span else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"')
        self.send_header("Content-Length", str(last - first + 1))
        if span:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.end_headers()
        if with_body:
            self.server.reads.append((first, last + 1))
            body = content[first : last + 1]
            self.wfile.write(body[: len(body) // 2] if cut else body)
