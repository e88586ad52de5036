"""S3's, Google's and Azure's storage: a name is taken by a request on a condition, which the storage itself holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.storage.dialect import Page
from pipeline.storage.reach import Reached


class _ObjectStore:
    """The calls that the three have in common. tag_name : of the fact that is an object's tag, in fsspec."""

    tag_name: str

    def refusal(self, at: Reached) -> str:
        """Empty: the condition is part of what is documented."""
        del at
        return ""

    def put(self, at: Reached, file: Path, *, replace: bool) -> None:
        """By one request, or for a large file by the one that joins its parts."""
        at.fs.put_file(str(file), at.path, mode="overwrite" if replace else "create")

    def tag(self, facts: Mapping[str, Any], content: bytes) -> str:
        """As the storage tells it."""
        del content
        return str(facts[self.tag_name])

    def remove_folders(self, at: Reached) -> None:
        """Nothing: folders are parts of names."""


def _split(at: Reached) -> tuple[str, str]:
    """The bucket and the key of an object."""
    bucket, _, key = at.path.partition("/")
    return bucket, key


def _prefix(at: Reached) -> tuple[str, str]:
    """The bucket, and what the keys below a prefix begin with."""
    bucket, beginning = _split(at)
    return bucket, f"{beginning.rstrip('/')}/" if beginning else ""


class S3(_ObjectStore):
    """Amazon's, and all that speak like it."""

    tag_name = "ETag"

    def page(self, at: Reached, after: str) -> Page:
        """In the order of the keys."""
        bucket, beginning = _prefix(at)
        more = {"ContinuationToken": after} if after else {}
        found = at.fs.call_s3("list_objects_v2", Bucket=bucket, Prefix=beginning, **more, **at.limit)
        return Page(
            [
                (one["Key"].removeprefix(beginning), int(one["Size"]), str(one["ETag"]))
                for one in found.get("Contents", ())
            ],
            found.get("NextContinuationToken", "") if found["IsTruncated"] else "",
        )

    def write_if(self, at: Reached, content: bytes, tag: str) -> str:
        """By one PUT."""
        bucket, key = _split(at)
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        return str(at.fs.call_s3("put_object", Bucket=bucket, Key=key, Body=content, **condition)["ETag"])


class Google(_ObjectStore):
    """Google's: an object's generation is its tag."""

    tag_name = "generation"

    def page(self, at: Reached, after: str) -> Page:
        """In the order of the names."""
        bucket, beginning = _prefix(at)
        more = {"pageToken": after} if after else {}
        found = at.fs.call("GET", "b/{}/o", bucket, prefix=beginning, json_out=True, **more, **at.limit)
        return Page(
            [
                (one["name"].removeprefix(beginning), int(one["size"]), str(one["etag"]))
                for one in found.get("items", ())
            ],
            found.get("nextPageToken", ""),
        )

    def write_if(self, at: Reached, content: bytes, tag: str) -> str:
        """By one upload, which gcsfs does not know with a condition."""
        bucket, key = _split(at)
        place = at.fs.base.replace("/storage/", "/upload/storage/", 1) + "b/{}/o"
        condition = {"ifGenerationMatch": tag or "0"}
        written = at.fs.call(
            "POST", place, bucket, uploadType="media", name=key, data=content, json_out=True, **condition
        )
        return str(written["generation"])


class Azure(_ObjectStore):
    """Azure's blobs."""

    tag_name = "etag"

    def page(self, at: Reached, after: str) -> Page:
        """In the order of the names."""
        bucket, beginning = _prefix(at)

        async def ask() -> Page:
            async with at.fs.service_client.get_container_client(bucket) as container:
                pages = container.list_blobs(name_starts_with=beginning).by_page(after or None)
                found = [
                    (one.name.removeprefix(beginning), int(one.size), f'"{one.etag}"')
                    async for one in await anext(pages)
                ]
                return Page(found, pages.continuation_token or "")

        page: Page = _waited_for(at.fs, ask, **at.limit)
        return page

    def write_if(self, at: Reached, content: bytes, tag: str) -> str:
        """By one upload."""
        bucket, key = _split(at)
        condition = {"headers": {"If-Match": tag}} if tag else {}

        async def ask() -> str:
            async with at.fs.service_client.get_blob_client(bucket, key) as blob:
                return str((await blob.upload_blob(content, overwrite=bool(tag), **condition))["etag"])

        written: str = _waited_for(at.fs, ask)
        return written


def _waited_for(storage: Any, ask: Any, **limit: float) -> Any:
    """The end of a coroutine in the thread in which the storage's others run."""
    from fsspec.asyn import sync

    return sync(storage.loop, ask, **limit)
