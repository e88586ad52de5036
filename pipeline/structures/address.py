"""Address: an object in a storage; FrameFolder: frames that are a film; Place: any of them, or a file on a disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from pipeline.errors import UsageError

#: Storages whose addresses begin with a bucket or a host, behind which the name of an object begins.
_BUCKETS = ("s3", "gs", "az", "http", "https")

#: Kinds of address in which no person stands before the @, but a repository.
_REPOSITORIES = ("github", "git")

#: What would be read there are programs: templates that fsspec fills in for whoever wrote them.
_PROGRAMS = ("reference",)

_FRAMES = re.compile(r"frames:([1-9]\d{0,8}(?:/[1-9]\d{0,8})?):(.+)", re.DOTALL)

#: The user of an address, who may have a password.
_KEYS = re.compile(r"(?<=://)[^/]*@")

#: A name and a value behind a question mark, as X-Amz-Signature=... or sig=...
_SIGNED = re.compile(r"\?[^/]*=")

_WORD = r"[a-z][a-z0-9+.-]+"

#: A file's own kind of address, which is another way to write its path.
_FILE = re.compile(r"(?:file|local)://(?:localhost(?=/))?", re.IGNORECASE)

#: An address, or a chain of them, as zip://drive.mp4::s3://bucket/trips.zip, and the place between two of its links.
_ADDRESS = re.compile(rf"(?:{_WORD}::)*{_WORD}://", re.IGNORECASE)
_NEXT_LINK = re.compile(rf"::(?=/|{_WORD}(?:://|::))", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """An object by its address, as s3://bucket/drive.mp4.

    It holds no key to the storage, since it is written down and shown. Raises UsageError where one may be in it.
    """

    url: str

    def __post_init__(self) -> None:
        """Check that the address names an object, and holds nothing secret."""
        for link in links_of(self.url):
            _check_link(self.url, link)
        if not self.name:
            raise UsageError(f"{self.url} names no object.", do="give it whole, as in s3://bucket/drive.mp4")

    def __str__(self) -> str:
        return self.url

    @property
    def scheme(self) -> str:
        """Letters before the colon."""
        return self.url.partition(":")[0]

    @property
    def is_chain(self) -> bool:
        """True for an address in what lies at another, as zip://drive.mp4::s3://bucket/trips.zip."""
        return len(links_of(self.url)) > 1

    @property
    def name(self) -> str:
        """The part behind the last slash, of a chain's first link that has one."""
        links = (link.partition("://") for link in links_of(self.url))
        scheme, rest = next((scheme, rest) for scheme, _, rest in links if rest or scheme in _BUCKETS)
        return (rest.partition("/")[2] if scheme in _BUCKETS else rest).rpartition("/")[2]

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
    """True for an address, of whatever kind; one of a file is its path, and no address."""
    return _ADDRESS.match(name) is not None and _FILE.match(name) is None


def at_disk(name: str) -> str:
    """The path of a file that is named by file://, letter by letter; any other name as it is."""
    return _FILE.sub("", name, count=1) if _FILE.match(name) else name


def links_of(url: str) -> list[str]:
    """The addresses of a chain, the innermost first; of any other address itself. A link without a name ends with ://."""
    links = _NEXT_LINK.split(url)
    return [
        link if "://" in link else f"file://{link}" if link.startswith("/") else f"{link}://"
        for link in links
    ]


def address_of(text: str) -> Address:
    """The address that somebody gave, S3:// being s3://. Raises UsageError as Address does, and for one that is signed.

    In a storage a name may have a question mark in it, so that Address takes one, which a listing may have told.
    """
    if _SIGNED.search(text):
        raise _has_query(text)
    links = (link.partition("://") for link in links_of(text))
    return Address("::".join(f"{scheme.lower()}://{rest}" for scheme, _, rest in links))


def place_of(name: str) -> Place:
    """The place that a name stands for. Raises UsageError as address_of does."""
    name = at_disk(name)
    return address_of(name) if is_address(name) else recorded_place(name)


def recorded_place(name: str) -> Place:
    """The place that was written down by this name, or told by a storage, where a name may have a question mark."""
    return Address(name) if is_address(name) else FrameFolder.named(name) or Path(name)


def _check_link(url: str, link: str) -> None:
    """Raise UsageError for an address, or a link of a chain, that may hold a key, or is none."""
    try:
        parts = urlsplit(link)
    except ValueError as error:
        raise UsageError(f"{url} is no address.", found=str(error)) from error
    if parts.scheme in _PROGRAMS:
        raise UsageError(
            f"{parts.scheme}:// runs what its file says, so it is not read.", do="name the files themselves"
        )
    user, _, _ = parts.netloc.rpartition("@")
    # Who somebody is may be told, where it is not the key itself, as on the web.
    if parts.scheme not in _REPOSITORIES and (":" in user or (user and parts.scheme in _BUCKETS)):
        raise UsageError(
            f"{_KEYS.sub('', url)} has a user or a password in it, which would be written down.",
            do="leave it out; storages take theirs from the environment (as FSSPEC_FTP_PASSWORD), HTTP from ~/.netrc",
        )
    if parts.scheme.startswith("http") and (parts.query or parts.fragment):
        raise _has_query(url)


def _has_query(url: str) -> UsageError:
    return UsageError(
        f"{url.split('?')[0]} has a query behind it, which may be a key and would be written down.",
        do="give the address without it, or save the file first",
    )


def in_full(place: Place) -> Place:
    """The place as it is called from anywhere."""
    return place.absolute() if isinstance(place, Path) else place
