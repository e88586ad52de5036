"""Objects below a prefix of a storage, a page at a time: a listing of any length takes the memory of one page."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from pipeline.errors import UsageError
from pipeline.storage.dialects import dialect_of
from pipeline.storage.reach import asked
from pipeline.structures.address import links_of


class ListedObject(NamedTuple):
    """An object as a listing tells it: its address, size in bytes and ETag; a list of mere addresses tells no more."""

    url: str
    size: int | None
    etag: str | None


def objects_below(prefix: str) -> Iterator[ListedObject]:
    """Objects whose addresses begin with `prefix` (s3://bucket/trips/); of one kind, in one order.

    Raises as storage.reach.asked does, and UsageError for a storage that is not listed: a web server, whose pages hold
    links to anything, and a chain.
    """
    if prefix.startswith("http") or len(links_of(prefix)) > 1:
        raise UsageError(
            f"{prefix} cannot be listed.",
            found="a web server, or a chain of addresses",
            do="give the addresses in a text file, a line each: its name ends with .txt",
        )
    dialect, after = dialect_of(prefix), ""
    while True:
        page = asked(prefix, partial(dialect.page, after=after))
        for name, size, etag in page.objects:
            yield ListedObject(f"{prefix}{name}", size, etag)
        after = page.after
        if not after:
            return
