"""Dialect: what storages have in ways of their own: pages of names, and content that is written on a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pipeline.storage.reach import Reached


class Page(NamedTuple):
    """Some objects of a listing.

    objects : name below the prefix, size in bytes and ETag of each, where it has one. after : where the next page
    begins; empty behind the last.
    """

    objects: Sequence[tuple[str, int | None, str | None]]
    after: str


class Dialect(Protocol):
    """The calls of one kind of storage, each to be made within `reach.asked`.

    What is written is there as a whole or not at all. Where a name is taken, or has another tag by then, the call
    raises FileExistsError, or the storage's error that tells so to `asked`.
    """

    def refusal(self, at: Reached) -> str:
        """The reason why no output can be put there; empty where one can."""
        ...

    def put(self, at: Reached, file: Path, *, replace: bool) -> None:
        """Write a file, in the place of what is there or only under a free name."""
        ...

    def write_if(self, at: Reached, content: bytes, tag: str) -> str:
        """Write an object whose tag is this one, or where none is there if it is empty; the tag that it has then."""
        ...

    def tag(self, facts: Mapping[str, Any], content: bytes) -> str:
        """The tag of an object: another one whenever it is written. facts : as fsspec tells them."""
        ...

    def page(self, at: Reached, after: str) -> Page:
        """Objects whose names begin with the prefix at `at`, which ends with a slash."""
        ...

    def remove_folders(self, at: Reached) -> None:
        """Remove the folders at a prefix below which no objects are left, where there is such a thing."""
        ...
