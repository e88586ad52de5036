"""Objects below a prefix of a storage, a page at a time: a listing of any length takes the memory of one page."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from pipeline.errors import UsageError
from pipeline.storage.dialects import DIALECTS, Page
from pipeline.storage.objects import asked, storage_of


class ListedObject(NamedTuple):
    """An object as a listing tells it: its address, size in bytes and ETag; a list of mere addresses tells no more."""

    url: str
    size: int | None
    etag: str | None


def objects_below(prefix: str) -> Iterator[ListedObject]:
    """Objects whose addresses begin with `prefix` (s3://bucket/trips/), in the order of their names.

    Raises as storage.objects.look_at does, and UsageError for a storage that is not listed, as a web server is not.
    """
    scheme, _, path = prefix.partition("://")
    if scheme not in DIALECTS:
        raise UsageError(
            f"{prefix} cannot be listed.",
            found=f"{scheme}://",
            do="give the addresses in a text file, a line each: its name ends with .txt",
        )
    bucket, _, beginning = path.partition("/")
    storage, after = storage_of(prefix), ""

    def ask(limit: dict[str, float], after: str) -> Page:
        return DIALECTS[scheme].page(storage, bucket, beginning, after, **limit)

    while True:
        page = asked(prefix, partial(ask, after=after), storage)
        for key, size, etag in page.objects:
            yield ListedObject(f"{scheme}://{bucket}/{key}", size, etag)
        after = page.after
        if not after:
            return
