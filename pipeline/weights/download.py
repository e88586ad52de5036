"""Downloads that continue where they stopped."""

from __future__ import annotations

import http.client
import json
import os
import sys
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

_BLOCK = 1 << 18

#: Seconds without an answer after which a connection counts as broken.
_SILENCE_SECONDS = 30.0

_HEADERS = {"User-Agent": "seg-video", "Accept-Encoding": "identity"}


class _BrokenOffError(ConnectionError):
    """The transfer ended before the file did."""


@dataclass(frozen=True)
class _Origin:
    """The file on a server that the bytes of a part were read from; the rest may only come from the same.

    url : the address asked.
    etag, last_modified : the server's own marks of the content, "" if it gave none.
    """

    url: str
    etag: str
    last_modified: str

    @property
    def validator(self) -> str:
        """The value for If-Range: a strong ETag, else the date (RFC 9110, section 13.1.5)."""
        return self.last_modified if self.etag.startswith("W/") else self.etag or self.last_modified


def download(url: str, part: Path) -> None:
    """Download the content of `url` to the file `part`, with a bar on stderr if that is a terminal.

    A part left by an earlier call is continued if the server confirms that the content is still the same, and otherwise
    begun again. An interrupted transfer is continued at once, as long as each attempt makes progress.

    url : http or https.
    part : its origin is kept beside it, as NAME.origin.

    Raises ConnectionError for problems with the connection, any other OSError for the disk.
    """
    while True:
        had = _size(part)
        try:
            with _answer(url, part) as response:
                _receive(response, part)
        except _BrokenOffError:
            if _size(part) <= had:
                raise
        else:
            _origin_path(part).unlink(missing_ok=True)
            return


def discard(part: Path) -> None:
    """Remove a part and the note of its origin."""
    part.unlink(missing_ok=True)
    _origin_path(part).unlink(missing_ok=True)


def _answer(url: str, part: Path) -> http.client.HTTPResponse:
    """The server's answer, which either continues `part` or begins it anew; then `part` is gone."""
    origin = _read_origin(part)
    if origin is not None and origin.url == url and origin.validator and _size(part):
        condition = {"Range": f"bytes={_size(part)}-", "If-Range": origin.validator}
        response = _request(url, condition)
        if response is not None and response.status == 206 and _continues(response, origin, _size(part)):
            return response
        if response is not None:
            response.close()
    discard(part)
    response = _request(url, {})
    if response is None or response.status != 200:
        raise ConnectionError(f"{url} does not answer a plain request with its content")
    _write_origin(part, _origin_of(url, response))
    return response


def _request(url: str, headers: dict[str, str]) -> http.client.HTTPResponse | None:
    """The answer to one request; None for 416, a range that the content does not have."""
    if not url.startswith(("http://", "https://")):
        raise ConnectionError(f"{url} is neither http nor https")
    request = urllib.request.Request(url, headers={**_HEADERS, **headers})  # noqa: S310 - checked above
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(  # noqa: S310
            request, timeout=_SILENCE_SECONDS
        )
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return None
        raise ConnectionError(f"the server answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise ConnectionError(str(error.reason)) from error
    except (http.client.HTTPException, OSError) as error:
        raise _BrokenOffError(f"the server gave no answer: {error!r}") from error
    return response


def _continues(response: http.client.HTTPResponse, origin: _Origin, offset: int) -> bool:
    """True if a 206 really is the rest of what `origin` began: a server may overlook If-Range."""
    begins_there = response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")
    return begins_there and _origin_of(origin.url, response) == origin


def _receive(response: http.client.HTTPResponse, part: Path) -> None:
    had = _size(part)
    length = response.headers.get("Content-Length")
    total = had + int(length) if length is not None and length.isdigit() else None
    name = part.name.removesuffix(".part")
    bar = tqdm(total=total, initial=had, unit="B", unit_scale=True, desc=name, disable=None, file=sys.stderr)
    with part.open("ab") as file, bar:
        while block := _read(response):
            file.write(block)
            bar.update(len(block))
        file.flush()
        os.fsync(file.fileno())
    if total is not None and _size(part) < total:
        raise _BrokenOffError(f"the connection ended after {_size(part)} of {total} bytes")


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(_BLOCK)
    except (http.client.HTTPException, OSError) as error:
        raise _BrokenOffError(f"the connection broke: {error!r}") from error


def _origin_of(url: str, response: http.client.HTTPResponse) -> _Origin:
    headers = response.headers
    return _Origin(url, headers.get("ETag", ""), headers.get("Last-Modified", ""))


def _read_origin(part: Path) -> _Origin | None:
    try:
        return _Origin(**json.loads(_origin_path(part).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _write_origin(part: Path, origin: _Origin) -> None:
    _origin_path(part).write_text(json.dumps(asdict(origin)), encoding="utf-8")


def _origin_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.origin")


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
