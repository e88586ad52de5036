"""RemoteRun: the costly products of a run, kept as objects beside its output so that another machine can go on."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from pipeline.errors import InputError, SegVideoError, StoreError
from pipeline.files import RUN_SUFFIX, whole_stream, write_whole
from pipeline.loading.typed_json import typed_json
from pipeline.record.layout import RunLayout
from pipeline.record.ledger import Entry
from pipeline.storage.listing import objects_below
from pipeline.storage.objects import ObjectFile, is_there, put_new, put_over, remove_below
from pipeline.structures.address import Address

#: Objects that are written at a time, in the background.
_WRITERS = 4

#: The name of the run's plan, and the pattern of its products' names.
_PLAN, _PRODUCT = "manifest.json", re.compile(r"(\w+)/(\d{6,9})\.\w+")


@dataclass(frozen=True)
class _Head:
    """The first line of an object. files : name and size of each file whose bytes follow, end to end."""

    entry: Entry
    files: tuple[tuple[str, int], ...]


class RemoteRun:
    """The products in `OUTPUT.seg-run/work/`; each object holds a ledger entry and its files.

    An object's name follows from everything that its content was made of, so any machine may use it as its own
    product, and machines that work on one output at the same time, or with different settings, cannot mix theirs up.
    Objects are written in the background, each by one conditional request; the context ends when all are written. A
    failure here only costs repeated work if this machine is lost. trouble : the first such failure.
    """

    def __init__(self, output: Address) -> None:
        self.trouble: SegVideoError | None = None
        self._folder = _work_of(output)
        self._names: set[str] = set()
        self._pool = ThreadPoolExecutor(_WRITERS, thread_name_prefix="remote-run")
        self._writes: list[Future[None]] = []

    def __enter__(self) -> RemoteRun:
        """List the products that exist. Raises MediaError if the storage does not answer."""
        try:
            self._names = {found.url.removeprefix(self._folder) for found in objects_below(self._folder)}
        except InputError as refused:
            self.trouble = refused
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for all writes; once the output is done, or after a second Ctrl-C, only for those that have begun."""
        del error, traceback
        self._pool.shutdown(cancel_futures=kind is None or issubclass(kind, KeyboardInterrupt))
        for write in self._writes:
            if not write.cancelled():
                write.result()

    def keep_plan(self, manifest: Path) -> None:
        """Store the run's plan, so that other machines can find the run by its output's address."""
        try:
            put_over(manifest, Address(self._folder + _PLAN))
        except InputError as refused:
            self.trouble = self.trouble or refused

    def fetch(self, name: str, fingerprint: str, file: Path) -> Entry | None:
        """Fetch a product: its entry, with its files written beside `file`; None if it does not exist.

        Raises MediaError if the storage does not answer.
        """
        if name not in self._names:
            return None
        try:
            with ObjectFile(Address(self._folder + name)) as stream:
                content = stream.readall()
            return _unpacked(content, fingerprint, file)
        except (InputError, ValueError):  # removed by a machine that has finished, or damaged
            return None

    def keep(self, name: str, entry: Entry, file: Path) -> None:
        """Store a product unless it exists."""
        if name not in self._names and self.trouble is None:
            self._names.add(name)
            self._writes.append(self._pool.submit(self._put, name, entry, file))

    def _put(self, name: str, entry: Entry, file: Path) -> None:
        try:
            put_new(_packed(entry, file), Address(self._folder + name))
        except SegVideoError as error:
            self.trouble = self.trouble or error
        except OSError as error:
            self.trouble = self.trouble or StoreError(
                f"{file} cannot be read.", found=error.strerror or str(error)
            )

    def remove_work(self) -> None:
        """Remove all products, of whatever settings. Raises as storage.objects.look_at does."""
        remove_below(self._folder)


def _packed(entry: Entry, file: Path) -> bytes:
    files = [file, *(file.with_name(name) for name, _ in entry.also)]
    contents = [path.read_bytes() for path in files]
    sizes = [(path.name, len(content)) for path, content in zip(files, contents, strict=True)]
    line = json.dumps({"entry": asdict(entry), "files": sizes}, separators=(",", ":"))
    return b"".join((line.encode(), b"\n", *contents))


def _unpacked(content: bytes, fingerprint: str, file: Path) -> Entry:
    """Write the files of an object. Raises ValueError if it is damaged or holds another product."""
    line, _, rest = content.partition(b"\n")
    head = typed_json(_Head, line.decode())
    entry = head.entry
    digests = {file.name: entry.sha256, **dict(entry.also)}
    if entry.fingerprint != fingerprint or entry.failed or set(digests) != {name for name, _ in head.files}:
        raise ValueError("another product")
    if not all(name.startswith(f"{file.stem}.") for name in digests):
        raise ValueError("another's files")
    found = {}
    for name, size in head.files:
        found[name], rest = rest[:size], rest[size:]
        if hashlib.sha256(found[name]).hexdigest() != digests[name]:
            raise ValueError("another content")
    for name, part in found.items():
        write_whole(file.with_name(name), part)
    return entry


def keep_record(output: Address, layout: RunLayout) -> None:
    """Store the record of a finished run beside its output. Raises as look_at does."""
    for path in layout.record:
        if path.is_file():
            put_over(path, _beside(output, path))


def fetch_record(output: Address, layout: RunLayout) -> bool:
    """Fetch the record of a finished run; False if there is none. Raises as look_at does.

    It is trusted no more than a record on disk: a file counts only with its hash in the ledger.
    """
    if not is_there(_beside(output, layout.manifest)):
        return False
    layout.make_folder()
    for path in layout.record:
        if is_there(_beside(output, path)):
            with whole_stream(path) as stream, ObjectFile(_beside(output, path)) as found:
                shutil.copyfileobj(found, stream)
    return True


def fetch_plan(output: Address, layout: RunLayout) -> bool:
    """Fetch the plan of another machine's unfinished run; False if there is none. Raises as look_at does."""
    plan = Address(_work_of(output) + _PLAN)
    if not is_there(plan):
        return False
    layout.make_folder()
    with ObjectFile(plan) as stream:
        write_whole(layout.manifest, stream.readall())
    return True


def made_elsewhere(output: Address) -> set[tuple[str, int]]:
    """Pass and chunk of each stored product of an unfinished output. Raises as look_at does."""
    folder = _work_of(output)
    found = (_PRODUCT.fullmatch(found.url.removeprefix(folder)) for found in objects_below(folder))
    return {(product[1], int(product[2])) for product in found if product}


def remote_claim(output: Address) -> Address:
    """The address of the claim on an output of a listing."""
    return Address(f"{output.url}{RUN_SUFFIX}/claim")


def _work_of(output: Address) -> str:
    return f"{output.url}{RUN_SUFFIX}/work/"


def _beside(output: Address, path: Path) -> Address:
    return Address(f"{output.url}{RUN_SUFFIX}/{path.name}")
