"""DIALECTS: pages of names and writes on a condition, which each storage has in a way of its own and fsspec has not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol


class Page(NamedTuple):
    """Some objects of a listing.

    objects : key, size in bytes and ETag of each. after : where the next page begins; empty behind the last.
    """

    objects: Sequence[tuple[str, int, str]]
    after: str


class Dialect(Protocol):
    """The calls of one kind of storage.

    tag : the fact of an object that is another one whenever the object is written, by its name in fsspec.
    """

    @property
    def tag(self) -> str: ...  # noqa: D102

    def page(self, storage: Any, bucket: str, beginning: str, after: str, **limit: float) -> Page:
        """The objects whose keys begin with `beginning`, in the order of their keys. limit : of time."""
        ...

    def write_if(self, storage: Any, bucket: str, key: str, content: bytes, tag: str) -> str:
        """Write an object whose tag is this one, or where none is there if it is empty; the tag that it has then.

        The error of an answer tells, to `asked`, that the condition did not hold.
        """
        ...


class _S3:
    tag = "ETag"

    def page(self, storage: Any, bucket: str, beginning: str, after: str, **limit: float) -> Page:
        more = {"ContinuationToken": after} if after else {}
        found = storage.call_s3("list_objects_v2", Bucket=bucket, Prefix=beginning, **more, **limit)
        return Page(
            [(one["Key"], int(one["Size"]), str(one["ETag"])) for one in found.get("Contents", ())],
            found.get("NextContinuationToken", "") if found["IsTruncated"] else "",
        )

    def write_if(self, storage: Any, bucket: str, key: str, content: bytes, tag: str) -> str:
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        return str(storage.call_s3("put_object", Bucket=bucket, Key=key, Body=content, **condition)["ETag"])


class _Google:
    tag = "generation"

    def page(self, storage: Any, bucket: str, beginning: str, after: str, **limit: float) -> Page:
        more = {"pageToken": after} if after else {}
        found = storage.call("GET", "b/{}/o", bucket, prefix=beginning, json_out=True, **more, **limit)
        return Page(
            [(one["name"], int(one["size"]), str(one["etag"])) for one in found.get("items", ())],
            found.get("nextPageToken", ""),
        )

    def write_if(self, storage: Any, bucket: str, key: str, content: bytes, tag: str) -> str:
        place = storage.base.replace("/storage/", "/upload/storage/", 1) + "b/{}/o"
        condition = {"ifGenerationMatch": tag or "0"}
        written = storage.call(
            "POST", place, bucket, uploadType="media", name=key, data=content, json_out=True, **condition
        )
        return str(written["generation"])


class _Azure:
    tag = "etag"

    def page(self, storage: Any, bucket: str, beginning: str, after: str, **limit: float) -> Page:
        async def ask() -> Page:
            async with storage.service_client.get_container_client(bucket) as container:
                pages = container.list_blobs(name_starts_with=beginning).by_page(after or None)
                found = [(one.name, int(one.size), f'"{one.etag}"') async for one in await anext(pages)]
                return Page(found, pages.continuation_token or "")

        page: Page = _waited_for(storage, ask, **limit)
        return page

    def write_if(self, storage: Any, bucket: str, key: str, content: bytes, tag: str) -> str:
        condition = {"headers": {"If-Match": tag}} if tag else {}

        async def ask() -> str:
            async with storage.service_client.get_blob_client(bucket, key) as blob:
                return str((await blob.upload_blob(content, overwrite=bool(tag), **condition))["etag"])

        written: str = _waited_for(storage, ask)
        return written


#: By what an address begins with: of the storages that are listed and written to.
DIALECTS: Mapping[str, Dialect] = {"s3": _S3(), "gs": _Google(), "az": _Azure()}


def _waited_for(storage: Any, ask: Any, **limit: float) -> Any:
    """The end of a coroutine in the thread in which the storage's others run."""
    from fsspec.asyn import sync

    return sync(storage.loop, ask, **limit)
