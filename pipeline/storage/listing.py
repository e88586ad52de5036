"""Objects below a prefix of a storage, a page at a time: a listing of any length takes the memory of one page."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from pipeline.storage.dialects import dialect_of
from pipeline.storage.reach import asked


class ListedObject(NamedTuple):
    """An object as a listing tells it: its address, size in bytes and ETag; a list of mere addresses tells no more."""

    url: str
    size: int | None
    etag: str | None


def objects_below(prefix: str) -> Iterator[ListedObject]:
    """Objects whose addresses begin with `prefix` (s3://bucket/trips/); of one kind, in one order.

    Raises as storage.reach.asked does, InputError for a storage that is not listed, as a web server is not.
    """
    dialect, after = dialect_of(prefix), ""
    while True:
        page = asked(prefix, partial(dialect.page, after=after))
        for name, size, etag in page.objects:
            yield ListedObject(f"{prefix}{name}", size, etag)
        after = page.after
        if not after:
            return
