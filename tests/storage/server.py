"""A server on loopback that gives ranges of objects and takes new ones as S3 does, and fails as it is told to."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape


class ObjectServer(ThreadingHTTPServer):
    """objects : bytes by path, /BUCKET/KEY. uploads : what was sent of large objects.

    faults : what becomes of the next reads, one each; put_faults, list_faults, delete_faults : of the next requests of
    those kinds. before_read : is called before each read. reads : spans that were given. page : names that a listing
    tells at once. puts : paths that were written to, and whether only if they were free.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler=None):
        super().__init__(("127.0.0.1", 0), handler or S3Handler)
        self.objects, self.reads, self.puts, self.uploads = {}, [], [], {}
        self.faults, self.put_faults, self.list_faults, self.delete_faults = (
            deque(),
            deque(),
            deque(),
            deque(),
        )
        self.lock = threading.Lock()
        self.before_read, self.page = lambda: None, 1000
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request, client_address):
        """Say nothing: clients hang up, as they are made to here."""


class S3Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # S3's clients ask whether a body is wanted before they send it

    def log_message(self, *_):
        pass

    def parse_request(self):
        """Take the path as the object's name; that of a listing has a query."""
        is_whole = super().parse_request()
        if is_whole and "?" not in self.path:
            self.path = unquote(self.path)
        return is_whole

    def do_HEAD(self):
        self._answer(with_body=False)

    def do_PUT(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.server.put_faults.popleft() if self.server.put_faults else None
        is_exclusive = self.headers.get("If-None-Match") == "*"
        if isinstance(fault, int):
            code = "AccessDenied" if fault == 403 else "SlowDown"
            self._say(fault, f"<Error><Code>{code}</Code></Error>".encode())
            return
        with self.server.lock:
            self.server.puts.append((self.path, is_exclusive))
            known = self.server.objects.get(self.path)
            matches = self.headers.get("If-Match")
            if (is_exclusive and known is not None) or (matches and matches != self._etag(known or b"")):
                self._say(412, b"<Error><Code>PreconditionFailed</Code></Error>")
                return
            self.server.objects[self.path] = content
        if fault == "lost answer":
            self._hang_up()
        else:
            self._say(200, b"", self._etag(content))

    def do_DELETE(self):
        if self.server.delete_faults:
            self._say(self.server.delete_faults.popleft(), b"<Error><Code>AccessDenied</Code></Error>")
            return
        with self.server.lock:
            self.server.objects.pop(self.path, None)
        self._say(204, b"")

    def _say(self, status, body, etag=None):
        self.send_response(status)
        if etag:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def do_GET(self):
        self.server.before_read()
        fault = self.server.faults.popleft() if self.server.faults else None
        if "list-type" in self.path and "delimiter" not in self.path and self.server.list_faults:
            self._say(self.server.list_faults.popleft(), b"<Error><Code>AccessDenied</Code></Error>")
        elif isinstance(fault, int):
            self.send_error(fault)
        elif "list-type" in self.path:
            self._list()
        elif fault == "reset":
            self._hang_up()
        else:
            if fault == "slow":
                time.sleep(0.3)
            self._answer(with_body=True, cut=fault == "cut", whole=fault == "whole")

    def _list(self):
        """A page of a bucket's objects; folders, which a delimiter asks for, are never told."""
        bucket, _, query = self.path.partition("?")
        asked = {key: values[0] for key, values in parse_qs(query).items()}
        beginning = f"{bucket.rstrip('/')}/{asked.get('prefix', '')}"
        with self.server.lock:
            names = sorted(name for name in self.server.objects if name.startswith(beginning))
        after = asked.get("continuation-token", "")
        names = [] if "delimiter" in asked else [name for name in names if name > after]
        page, rest = names[: self.server.page], names[self.server.page :]
        contents = "".join(
            f"<Contents><Key>{escape(name.split('/', 2)[2])}</Key><Size>{len(self.server.objects[name])}</Size>"
            f"<ETag>{self._etag(self.server.objects[name])}</ETag></Contents>"
            for name in page
        )
        more = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if rest else ""
        truncated = f"<IsTruncated>{'true' if rest else 'false'}</IsTruncated>"
        self._say(200, f"<ListBucketResult>{truncated}{more}{contents}</ListBucketResult>".encode())

    def _etag(self, content):
        return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'

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
        self.send_header("ETag", self._etag(content))
        self.send_header("Content-Length", str(last - first + 1))
        if span:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.end_headers()
        if with_body:
            self.server.reads.append((first, last + 1))
            body = content[first : last + 1]
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = cut
