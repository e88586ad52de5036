"""StoredObject: an object's size and tag, and its bytes as a file that fetches the ranges that are read."""

from __future__ import annotations

import io
import random
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pipeline.errors import InputError, MediaError, SegVideoError, UsageError
from pipeline.files import digest_of, digest_of_stream
from pipeline.storage.traffic import TRAFFIC
from pipeline.structures.address import STORAGES, Address

_T = TypeVar("_T")

#: Seconds between one try and the next. Each is shortened at random, so that many workers do not come back at once.
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)

#: Seconds without an answer before a try counts as failed.
_STALL_SECONDS = 60.0

#: Bytes that are fetched at once, and how many such blocks a file keeps: a reader of MP4 goes to and fro between sound
#: and picture.
_BLOCK_BYTES, _BLOCKS = 2 << 20, 8

#: HTTP's answers after which another try may do better: time-outs and throttling; also all above 500.
_PASSING = (408, 425, 429)

#: The user of an address, and its query: a server may send us on to a signed address, which errors tell.
_KEYS = re.compile(r"(?<=://)[^\s/@'\"]*@|\?[^\s'\"]+")

#: Objects that are removed at once.
_REMOVERS = 16


class ObjectFacts(NamedTuple):
    """An object's size in bytes, and its ETag, another one whenever its content is; None where it has none."""

    size: int
    etag: str | None


def look_at(address: Address) -> ObjectFacts:
    """The facts of an object.

    Raises InputError where it is not there, not to be read or of no known size, MediaError where the storage does not
    answer, UsageError where the package is missing that reaches it.
    """
    storage = storage_of(address)
    info = asked(address, lambda limit: storage.info(address.url, **limit), storage)
    if info.get("type") == "directory" or info.get("size") is None:
        raise InputError(f"{address} cannot be read in parts.", found="no size", do="save it to a file first")
    etag = info.get("ETag") or info.get("etag")
    return ObjectFacts(int(info["size"]), None if etag is None else str(etag))


def digest_of_object(address: Address) -> str:
    """SHA-256 of an object's content, 64 hex digits. Raises as look_at does."""
    with io.BufferedReader(ObjectFile(address)) as stream:
        return digest_of_stream(stream)


def is_there(address: Address) -> bool:
    """True if there is an object at the address. Raises as look_at does."""
    storage = storage_of(address)
    return bool(asked(address, lambda limit: storage.exists(address.url, **limit), storage))


def publish(file: Path, address: Address, *, replace: bool) -> ObjectFacts:
    """Put a file at an address, where it is there as a whole or not at all; the facts of the object.

    The storage itself refuses where an object has the address by then and `replace` is false, so that of two writers
    one is told: by the condition of a single PUT, or for a large file of the request that joins its parts. An object
    of the same content is taken for ours, for an answer may have been lost. Raises UsageError for another one, and as
    look_at does.
    """
    storage, mode = storage_of(address), "overwrite" if replace else "create"
    try:
        asked(address, lambda _: storage.put_file(str(file), address.url, mode=mode), storage)
        TRAFFIC.add(put=file.stat().st_size)
    except FileExistsError as error:
        if digest_of_object(address) != digest_of(file):
            raise UsageError(
                f"{address} was created by something else during the run, so it was left alone.",
                do="name another output, or add --force to replace it: all that was made is kept",
            ) from error
    return look_at(address)


def put_new(content: bytes, address: Address) -> None:
    """Put content at an address, whole or not at all; nothing where an object is there. Raises as look_at does."""
    storage = storage_of(address)
    with suppress(FileExistsError):
        asked(address, lambda _: storage.pipe_file(address.url, content, mode="create"), storage)
        TRAFFIC.add(put=len(content))


def put_over(file: Path, address: Address) -> None:
    """Put a file at an address, whole or not at all, whatever is there. Raises as look_at does."""
    storage = storage_of(address)
    asked(address, lambda _: storage.put_file(str(file), address.url), storage)
    TRAFFIC.add(put=file.stat().st_size)


def remove(addresses: Sequence[Address]) -> None:
    """Remove objects; those that are not there are removed already. Raises as look_at does."""
    with ThreadPoolExecutor(_REMOVERS, thread_name_prefix="remove") as pool:
        for _ in pool.map(_remove, addresses):
            pass  # raises what the removal has raised


def _remove(address: Address) -> None:
    storage = storage_of(address)

    def call(_: dict[str, float]) -> None:
        with suppress(FileNotFoundError):
            storage.rm_file(address.url)

    asked(address, call, storage)


class ReadOnlyFile(io.RawIOBase):
    """A file of a known size that is open for reading; what is asked for after a seek is up to `readinto`.

    failure : the error that a read has raised.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.failure: SegVideoError | None = None
        self._size, self._place = size, 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The place of the byte that is read next."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; read nothing."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(start + offset, 0)
        return self._place


class ObjectFile(ReadOnlyFile):
    """An object as a file that is open for reading.

    failure : the error that a read has raised. FFmpeg takes a failed read for the end of a file, so whoever reads by
    FFmpeg asks afterwards.
    """

    def __init__(self, address: Address) -> None:
        super().__init__(look_at(address).size)
        self._address, self._storage = address, storage_of(address)
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as one block goes; 0 at the end. Raises MediaError as the storage fails."""
        if self._place >= self._size:
            return 0
        number, start = divmod(self._place, _BLOCK_BYTES)
        try:
            found = self._block(number)[start : start + len(buffer)]
        except SegVideoError as error:
            self.failure = error
            raise
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._blocks[number] = self._fetched(number)
        self._blocks.move_to_end(number)
        while len(self._blocks) > _BLOCKS:
            self._blocks.popitem(last=False)
        return self._blocks[number]

    def _fetched(self, number: int) -> bytes:
        start = number * _BLOCK_BYTES
        end = min(start + _BLOCK_BYTES, self._size)

        def fetch(limit: dict[str, float]) -> bytes:
            found: bytes = self._storage.cat_file(self._address.url, start=start, end=end, **limit)
            if len(found) > end - start:
                raise InputError(
                    f"{self._address} cannot be read in parts.",
                    found="a server that gives the whole for each part",
                    do="save it to a file first",
                )
            if len(found) < end - start:
                raise EOFError(f"{len(found)} bytes of {end - start}")
            TRAFFIC.add(fetched=len(found))
            return found

        return asked(self._address, fetch, self._storage)


def storage_of(address: Address | str) -> Any:
    """The file system of fsspec's that reaches an address or a prefix. Raises UsageError where it is missing."""
    scheme = str(address).partition("://")[0].lower()
    try:
        import fsspec

        if scheme.startswith("http"):
            # Servers that compress would count other bytes; proxies and ~/.netrc are the user's own.
            settings = {"headers": {"Accept-Encoding": "identity"}, "trust_env": True}
            return fsspec.filesystem(scheme, client_kwargs=settings)
        # What a storage has told of names is old by the next question: others write there too.
        return fsspec.filesystem(scheme, use_listings_cache=False)
    except ImportError as error:
        package = STORAGES[scheme]
        extra = "'seg-video[remote]'" if package in ("s3fs", "aiohttp") else f"'seg-video[remote]' {package}"
        raise UsageError(
            f"{address} is an address, and the packages that read it are not installed.",
            do=f"pip install {extra}, or save it to a file first",
        ) from error


def asked(address: Address | str, call: Callable[[dict[str, float]], _T], storage: Any) -> _T:
    """The storage's answer, asked again with growing pauses where it does not give one."""
    limit = {"timeout": _STALL_SECONDS} if storage.async_impl else {}
    for pause in (*PAUSES, None):
        try:
            return call(limit)
        except (SegVideoError, FileExistsError):
            raise
        except Exception as error:  # each storage has errors of its own, without a root in common
            if _is_taken(error):
                raise FileExistsError(str(address)) from error
            if isinstance(error, FileNotFoundError) and not _is_unreached(error):
                raise InputError(f"{address} is not there.", do="check the address") from error
            if _is_refusal(error):
                raise InputError(
                    f"{address} is refused by its storage.",
                    found=_words(error),
                    do="check the keys to the storage",
                ) from error
            if pause is None:
                raise MediaError(
                    f"{address} cannot be reached: the storage does not answer.",
                    found=_words(error),
                    do="check the way to it and the keys; the same command goes on from here",
                ) from error
        time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - nothing secret
    raise AssertionError("the last try returns or raises")


def _is_taken(error: Exception) -> bool:
    """True where a write's condition did not hold.

    s3fs knows that of AWS's own answers only; gcsfs gives a large upload up then, which fails in turn.
    """
    if isinstance(error.__context__, FileExistsError) or _status(error) == 412:
        return True
    codes = {getattr(error, "error_code", None)}  # Azure's
    codes.add((getattr(error.__cause__, "response", None) or {}).get("Error", {}).get("Code"))  # S3's
    return bool(codes & {"PreconditionFailed", "412", "BlobAlreadyExists"})


def _status(error: Exception) -> int | None:
    """HTTP's status of an answer, by whatever name the error has it: of aiohttp's, Azure's, Google's."""
    found = (getattr(error, name, None) for name in ("status", "status_code", "code"))
    return next((status for status in found if isinstance(status, int)), None)


def _is_unreached(error: FileNotFoundError) -> bool:
    """True where it is said to be missing since nobody answers there: fsspec has one error for both.

    What gcsfs does not find may be its own large upload, where that failed and is given up.
    """
    return "upload_id=" in str(error) or (
        isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, FileNotFoundError)
    )


def _is_refusal(error: Exception) -> bool:
    status = _status(error)
    if status is not None:
        return 400 <= status < 500 and status not in _PASSING
    return isinstance(error, PermissionError) or (isinstance(error, OSError) and "Forbidden" in str(error))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {_KEYS.sub('', str(error)).strip().split(chr(10))[0][:200]}"
