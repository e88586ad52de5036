"""Address: an object in a storage; FrameFolder: frames that are a film; Place: any of them, or a file on a disk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from pipeline.errors import UsageError

#: The package that reaches each kind of storage, by what an address begins with.
STORAGES: Mapping[str, str] = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "az": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
}

#: What the addresses of outputs begin with: storages that refuse a name which is taken.
OUTPUT_STORAGES = ("s3", "gs", "az")

_FRAMES = re.compile(r"frames:([1-9]\d{0,8}(?:/[1-9]\d{0,8})?):(.+)", re.DOTALL)

#: A name and a value behind a question mark, as X-Amz-Signature=... or sig=...
_SIGNED = re.compile(r"\?[^/]*=")

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """An object by its address, as s3://bucket/drive.mp4.

    It holds no key to the storage, since it is written down and shown. Raises UsageError where one may be in it.
    """

    url: str

    def __post_init__(self) -> None:
        """Check that the address names an object, and holds nothing secret."""
        try:
            parts = urlsplit(self.url)
        except ValueError as error:
            raise UsageError(f"{self.url} is no address.", found=str(error)) from error
        if "@" in parts.netloc:
            raise UsageError(
                f"{self.url} has a user or a password in it, which would be written down.",
                do="leave it out; storages take theirs from the environment, HTTP from ~/.netrc",
            )
        if parts.scheme.startswith("http") and (parts.query or parts.fragment):
            raise _has_query(self.url)
        if not parts.netloc or not self.name:
            raise UsageError(f"{self.url} names no object.", do="give it whole, as in s3://bucket/drive.mp4")

    def __str__(self) -> str:
        return self.url

    @property
    def scheme(self) -> str:
        """Letters before the colon."""
        return urlsplit(self.url).scheme

    @property
    def name(self) -> str:
        """The part behind the last slash."""
        return self.url.partition("://")[2].partition("/")[2].rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The name's ending."""
        return PurePosixPath(self.name).suffix

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return PurePosixPath(self.name).stem


@dataclass(frozen=True)
class FrameFolder:
    """A folder whose pictures are the frames of a film, `rate` of them a second.

    Its text is what records call it, as in frames:25:/drives/front, and `named` reads it again.
    """

    folder: Path
    rate: Fraction

    def __str__(self) -> str:
        return f"frames:{self.rate}:{self.folder}"

    @classmethod
    def named(cls, text: str) -> FrameFolder | None:
        """The folder that a text such as `str` gives stands for; None for any other text."""
        found = _FRAMES.fullmatch(text)
        return None if found is None else cls.of(found[2], found[1])

    @classmethod
    def of(cls, folder: str, rate: str) -> FrameFolder:
        """The folder of this path, as it is called from anywhere. rate : such as 25, 29.97 or 30000/1001."""
        return cls(Path(folder).absolute(), Fraction(rate))

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.folder.name

    @property
    def stem(self) -> str:
        """The name: folders have no ending."""
        return self.name

    @property
    def suffix(self) -> str:
        """Nothing: folders have no ending."""
        return ""


#: What is no file, and is read as if it were one.
Stored = Address | FrameFolder

#: Where a source lies.
Place = Path | Stored


def is_address(name: str) -> bool:
    """True for an address in a storage that can be reached; cameras' addresses are none."""
    scheme = _SCHEME.match(name)
    return scheme is not None and scheme[1].lower() in STORAGES


def address_of(text: str) -> Address:
    """The address that somebody gave, S3:// being s3://. Raises UsageError as Address does, and for one that is signed.

    In a storage a name may have a question mark in it, so that Address takes one, which a listing may have told.
    """
    if _SIGNED.search(text):
        raise _has_query(text)
    scheme, colon, rest = text.partition(":")
    return Address(scheme.lower() + colon + rest)


def place_of(name: str) -> Place:
    """The place that a name stands for. Raises UsageError as address_of does."""
    return address_of(name) if is_address(name) else recorded_place(name)


def recorded_place(name: str) -> Place:
    """The place that was written down by this name, or told by a storage, where a name may have a question mark."""
    return Address(name) if is_address(name) else FrameFolder.named(name) or Path(name)


def _has_query(url: str) -> UsageError:
    return UsageError(
        f"{url.split('?')[0]} has a query behind it, which may be a key and would be written down.",
        do="give the address without it, or save the file first",
    )


def in_full(place: Place) -> Place:
    """The place as it is called from anywhere."""
    return place.absolute() if isinstance(place, Path) else place
