"""The server of objects in the dialects of Google's and of Azure's storage, as far as they are spoken here."""

from __future__ import annotations

import hashlib
import json
import re
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.storage.server import S3Handler


class _Handler(S3Handler):
    """What both have in common. asked : the query of the request, its path's parts in `parts`."""

    def parse_request(self):
        parsed = super().parse_request()
        if parsed:
            url = urlsplit(self.path)
            self.parts = [unquote(part) for part in url.path.strip("/").split("/")]
            self.asked = {key: values[0] for key, values in parse_qs(url.query).items()}
        return parsed

    def _body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _page(self, bucket, after):
        """Names below a prefix, and the last of them where there are more."""
        beginning = f"/{bucket}/{self.asked.get('prefix', '')}"
        with self.server.lock:
            names = sorted(
                name for name in self.server.objects if name.startswith(beginning) and name > after
            )
        page = names[: self.server.page]
        return page, page[-1] if len(names) > len(page) else ""


class GoogleHandler(_Handler):
    """Google's JSON API: a generation is a number of the content."""

    def _facts(self, path):
        content, (_, bucket, name) = self.server.objects[path], path.split("/", 2)
        generation = self._generation(path)
        tag = {"generation": generation, "etag": f"tag{generation}"}
        return {"kind": "storage#object", "bucket": bucket, "name": name, "size": str(len(content)), **tag}

    def _generation(self, path):
        content = self.server.objects.get(path)
        return "0" if content is None else str(int(hashlib.sha256(content).hexdigest()[:12], 16))

    def _json(self, answer, status=200):
        self._say(status, json.dumps(answer).encode())

    def _fail(self, status):
        self._json({"error": {"code": status, "message": "so it is"}}, status)

    def do_GET(self):
        *_, _, bucket, kind = self.parts[: self.parts.index("o") + 1]
        assert kind == "o"
        if self.server.faults:
            self._fail(self.server.faults.popleft())
            return
        name = "/".join(self.parts[self.parts.index("o") + 1 :])
        self.path = f"/{bucket}/{name}"
        if not name:
            page, rest = self._page(bucket, self.asked.get("pageToken", ""))
            more = {"nextPageToken": rest} if rest else {}
            self._json({"items": [self._facts(path) for path in page], **more})
        elif self.path not in self.server.objects:
            self._fail(404)
        elif self.asked.get("alt") == "media":
            self._answer(with_body=True)
        else:
            self._json(self._facts(self.path))

    def do_POST(self):
        bucket, name, content = self.parts[4], self.asked.get("name"), self._body()
        if "upload_id" in self.asked:
            self._go_on(self.server.uploads[self.asked["upload_id"]], content)
            return
        if self.server.put_faults:
            self._fail(self.server.put_faults.popleft())
            return
        if self.asked["uploadType"] == "multipart":
            head, content = re.fullmatch(
                rb"--==0==\nContent-Type: application/json.*?\n\n(.*?)\n--==0==\n.*?\n\n(.*)\n--==0==--",
                content,
                re.DOTALL,
            ).groups()
            name = json.loads(head)["name"]
        condition = self.asked.get("ifGenerationMatch")
        if self.asked["uploadType"] == "resumable":
            upload = str(len(self.server.uploads))
            self.server.uploads[upload] = [f"/{bucket}/{json.loads(content)['name']}", condition, b""]
            self.send_response(200)
            place = f"/upload/storage/v1/b/{bucket}/o?upload_id={upload}"
            self.send_header("Location", self.server.url(place))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._write(f"/{bucket}/{name}", condition, content)

    def _go_on(self, upload, content):
        upload[2] += content
        if len(upload[2]) < int(self.headers["Content-Range"].rpartition("/")[2]):
            self.send_response(308)
            self.send_header("Range", f"bytes=0-{len(upload[2]) - 1}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._write(*upload)

    def _write(self, path, condition, content):
        with self.server.lock:
            if condition is not None and condition != self._generation(path):
                self._fail(412)
                return
            self.server.objects[path] = content
            self.server.puts.append((path, condition == "0"))
            self._json(self._facts(path))

    def do_DELETE(self):
        if "upload_id" in self.asked:
            self._fail(404)  # of an upload that was refused nothing is left
            return
        path = f"/{self.parts[3]}/{'/'.join(self.parts[5:])}"
        with self.server.lock:
            known = self.server.objects.pop(path, None)
        self._fail(404) if known is None else self._say(204, b"")


class AzureHandler(_Handler):
    """Azure's Blob API, with block blobs; the first part of a path is the account."""

    def _refuse(self, status, code):
        self.send_response(status)
        self.send_header("x-ms-error-code", code)
        body = b"" if self.command == "HEAD" else f"<Error><Code>{code}</Code></Error>".encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self):
        if self.command == "GET":
            self.send_header("Content-Type", "application/xml")
        self.send_header("Last-Modified", "Sat, 28 Nov 2026 20:00:00 GMT")
        self.send_header("x-ms-blob-type", "BlockBlob")
        self.send_header("x-ms-request-id", "1")
        super().end_headers()

    def do_HEAD(self):
        self._read(with_body=False)

    def do_GET(self):
        if self.asked.get("comp") == "list":
            self._list()
        else:
            self._read(with_body=True)

    def _read(self, *, with_body):
        if self.server.faults:
            self._refuse(self.server.faults.popleft(), "AuthorizationFailure")
            return
        self.path = "/" + "/".join(self.parts[1:])
        if self.path not in self.server.objects:
            self._refuse(404, "BlobNotFound")
            return
        if "x-ms-range" in self.headers:
            self.headers["Range"] = self.headers["x-ms-range"]
        self._answer(with_body=with_body)

    def _list(self):
        page, rest = self._page(self.parts[1], self.asked.get("marker", ""))
        blobs = "".join(
            f"<Blob><Name>{escape(path.split('/', 2)[2])}</Name><Properties>"
            f"<Etag>{self._etag(self.server.objects[path]).strip(chr(34))}</Etag>"
            f"<Content-Length>{len(self.server.objects[path])}</Content-Length>"
            "<BlobType>BlockBlob</BlobType></Properties></Blob>"
            for path in page
        )
        more = f"<NextMarker>{escape(rest)}</NextMarker>"
        self._say(200, f"<EnumerationResults><Blobs>{blobs}</Blobs>{more}</EnumerationResults>".encode())

    def do_PUT(self):
        path, content, kind = "/" + "/".join(self.parts[1:]), self._body(), self.asked.get("comp")
        if self.server.put_faults:
            self._refuse(self.server.put_faults.popleft(), "AuthorizationFailure")
            return
        if kind == "block":
            self.server.uploads[path, self.asked["blockid"]] = content
            self._say(201, b"")
            return
        if kind == "blocklist":
            blocks = re.findall(rb"<Latest>(.*?)</Latest>", content)
            content = b"".join(self.server.uploads[path, block.decode()] for block in blocks)
        with self.server.lock:
            known, wanted = self.server.objects.get(path), self.headers.get("If-Match")
            is_exclusive = self.headers.get("If-None-Match") == "*"
            if is_exclusive and known is not None:
                self._refuse(409, "BlobAlreadyExists")
            elif wanted and (known is None or wanted != self._etag(known)):
                self._refuse(412, "ConditionNotMet")
            else:
                self.server.objects[path] = content
                self.server.puts.append((path, is_exclusive))
                self._say(201, b"", self._etag(content))

    def do_DELETE(self):
        with self.server.lock:
            known = self.server.objects.pop("/" + "/".join(self.parts[1:]), None)
        self._refuse(404, "BlobNotFound") if known is None else self._say(202, b"")
