"""Objects below a prefix of S3, a page at a time: a listing of any length takes the memory of one page."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from pipeline.errors import UsageError
from pipeline.storage.objects import asked, storage_of


class ListedObject(NamedTuple):
    """An object as a listing tells it: its address, size in bytes and ETag; a list of mere addresses tells no more."""

    url: str
    size: int | None
    etag: str | None


def objects_below(prefix: str) -> Iterator[ListedObject]:
    """Objects whose addresses begin with `prefix` (s3://bucket/trips/), in the order of their names.

    Raises as storage.objects.look_at does, and UsageError for another storage than S3.
    """
    scheme, _, path = prefix.partition("://")
    if scheme != "s3":
        raise UsageError(
            f"{prefix} cannot be listed.",
            found=f"{scheme}://",
            do="give the addresses in a text file, a line each: its name ends with .txt",
        )
    bucket, _, beginning = path.partition("/")
    storage = storage_of(prefix)
    page: dict[str, Any] = {"IsTruncated": True}
    more: dict[str, str] = {}
    while page["IsTruncated"]:
        page = asked(prefix, partial(_page, storage, bucket, beginning, more), storage)
        for found in page.get("Contents", ()):
            yield ListedObject(f"s3://{bucket}/{found['Key']}", int(found["Size"]), str(found["ETag"]))
        more = {"ContinuationToken": page.get("NextContinuationToken", "")}


def _page(
    storage: Any, bucket: str, beginning: str, more: dict[str, str], limit: dict[str, float]
) -> dict[str, Any]:
    page: dict[str, Any] = storage.call_s3(
        "list_objects_v2", Bucket=bucket, Prefix=beginning, **more, **limit
    )
    return page
