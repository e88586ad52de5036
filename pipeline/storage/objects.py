"""StoredObject: an object's size and tag, and its bytes as a file that fetches the ranges that are read."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.errors import InputError, SegVideoError, UsageError
from pipeline.files import digest_of, digest_of_stream
from pipeline.storage.dialects import dialect_of
from pipeline.storage.listing import objects_below
from pipeline.storage.reach import Reached, asked, forget, is_unreached
from pipeline.storage.traffic import TRAFFIC
from pipeline.structures.address import Address

#: Bytes that are fetched at once, and how many such blocks a file keeps: a reader of MP4 goes to and fro between sound
#: and picture.
_BLOCK_BYTES, _BLOCKS = 2 << 20, 8

#: Seconds that a storage has to take a file, beside those to answer.
_PUT_SECONDS_A_BYTE = 1e-5

#: Objects that are removed at once.
_REMOVERS = 16


class ObjectFacts(NamedTuple):
    """An object's size in bytes, and its ETag, another one whenever its content is; None where it has none."""

    size: int
    etag: str | None


def look_at(address: Address) -> ObjectFacts:
    """The facts of an object.

    Raises InputError where it is not there, not to be read by ranges or of no known size, and as reach.asked does.
    """
    if address.is_chain:
        forget(address)  # what lies in an archive is as old as the look into it
    info = asked(address, lambda at: at.fs.info(at.path, **at.limit))
    if info.get("type") == "directory" or info.get("size") is None:
        raise InputError(f"{address} cannot be read in parts.", found="no size", do="save it to a file first")
    if info.get("compress_type"):
        raise InputError(
            f"{address} cannot be read in parts.",
            found="it is compressed in its archive",
            do="save it to a file first, or store it there as it is (zip -0)",
        )
    etag = info.get("ETag") or info.get("etag")
    return ObjectFacts(int(info["size"]), None if etag is None else str(etag))


def digest_of_object(address: Address) -> str:
    """SHA-256 of an object's content, 64 hex digits. Raises as look_at does."""
    with io.BufferedReader(ObjectFile(address)) as stream:
        return digest_of_stream(stream)


def is_there(address: Address) -> bool:
    """True if there is an object at the address. Raises as reach.asked does."""
    return asked(address, _is_there)


def _is_there(at: Reached) -> bool:
    if at.fs.async_impl:
        return bool(at.fs.exists(at.path, **at.limit))
    try:
        at.fs.info(at.path)  # its `exists` takes a lost connection for an answer
    except FileNotFoundError as error:
        if is_unreached(error):
            raise
        return False
    return True


def check_takes_outputs(address: Address) -> None:
    """Raise UsageError where an output could not be put at an address safely. Raises as reach.asked does, too."""
    reason = "a chain of addresses" if address.is_chain else asked(address, dialect_of(address).refusal)
    if reason:
        raise UsageError(
            f"{address} cannot be an output.",
            found=reason,
            do="name a file, or an address of s3://, gs://, az:// or sftp://",
        )


def publish(file: Path, address: Address, *, replace: bool) -> ObjectFacts:
    """Put a file at an address, where it is there as a whole or not at all; the facts of the object.

    The storage itself refuses where an object has the address by then and `replace` is false, so that of two writers
    one is told. An object of the same content is taken for ours, for an answer may have been lost. Raises UsageError
    for another one, and as look_at does.
    """
    try:
        _put(file, address, replace=replace)
    except FileExistsError as error:
        if digest_of_object(address) != digest_of(file):
            raise UsageError(
                f"{address} was created by something else during the run, so it was left alone.",
                do="name another output, or add --force to replace it: all that was made is kept",
            ) from error
    return look_at(address)


def put_new(content: bytes, address: Address) -> None:
    """Put content at an address, whole or not at all; nothing where an object is there. Raises as look_at does."""
    dialect = dialect_of(address)
    with suppress(FileExistsError):
        asked(address, lambda at: dialect.write_if(at, content, ""), len(content) * _PUT_SECONDS_A_BYTE)
        TRAFFIC.add(put=len(content))


def put_over(file: Path, address: Address) -> None:
    """Put a file at an address, whole or not at all, whatever is there. Raises as look_at does."""
    _put(file, address, replace=True)


def _put(file: Path, address: Address, *, replace: bool) -> None:
    dialect, size = dialect_of(address), file.stat().st_size
    asked(address, lambda at: dialect.put(at, file, replace=replace), size * _PUT_SECONDS_A_BYTE)
    TRAFFIC.add(put=size)


def remove(addresses: Sequence[Address]) -> None:
    """Remove objects; those that are not there are removed already. Raises as look_at does."""
    with ThreadPoolExecutor(_REMOVERS, thread_name_prefix="remove") as pool:
        for _ in pool.map(_remove, addresses):
            pass  # raises what the removal has raised


def remove_below(prefix: str) -> None:
    """Remove all objects whose addresses begin with `prefix`, and their folders. Raises as look_at does."""
    remove([Address(found.url) for found in objects_below(prefix)])
    asked(prefix, dialect_of(prefix).remove_folders)


def _remove(address: Address) -> None:
    def call(at: Reached) -> None:
        with suppress(FileNotFoundError):
            at.fs.rm_file(at.path)

    asked(address, call)


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
        self._address = address
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

        def fetch(at: Reached) -> bytes:
            found: bytes = at.fs.cat_file(at.path, start=start, end=end, **at.limit)
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

        return asked(self._address, fetch)
