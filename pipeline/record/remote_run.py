"""RemoteRun: the costly products of a run as objects beside its output in the storage, for another machine to go on."""

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
from pipeline.files import whole_stream, write_whole
from pipeline.job.output_template import RUN_SUFFIX
from pipeline.loading.typed_json import typed_json
from pipeline.record.layout import RunLayout
from pipeline.record.ledger import Entry
from pipeline.storage.listing import objects_below
from pipeline.storage.objects import ObjectFile, is_there, put_new, put_over, remove
from pipeline.structures.address import Address

#: Objects that are written at once, while the driver goes on.
_WRITERS = 4

#: The name of the run's plan among the products, and what theirs are like.
_PLAN, _PRODUCT = "manifest.json", re.compile(r"(\w+)/(\d{6,9})\.\w+")


@dataclass(frozen=True)
class _Head:
    """The first line of an object. files : name and size of each file whose bytes follow, end to end."""

    entry: Entry
    files: tuple[tuple[str, int], ...]


class RemoteRun:
    """The products in `OUTPUT.seg-run/work/`, a ledger's entry and its files in each object.

    An object's name tells what its content was made of, so that whoever finds it may take it for its own product:
    machines that work on one output at once, or with other settings, cannot mix theirs. It is put there by one
    conditional request, in the background; as a context it ends when all are there. What goes wrong with it costs
    nothing but a part of the work where this machine is lost. trouble : the first refusal.
    """

    def __init__(self, output: Address) -> None:
        self.trouble: SegVideoError | None = None
        self._folder = _work_of(output)
        self._names: set[str] = set()
        self._pool = ThreadPoolExecutor(_WRITERS, thread_name_prefix="remote-run")
        self._writes: list[Future[None]] = []

    def __enter__(self) -> RemoteRun:
        """Look which products are there. Raises MediaError where the storage does not answer."""
        try:
            self._names = {found.url.removeprefix(self._folder) for found in objects_below(self._folder)}
        except InputError as refused:
            self.trouble = refused
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait until everything is written; behind the output's end, and a second Ctrl-C, only what has begun."""
        del error, traceback
        self._pool.shutdown(cancel_futures=kind is None or issubclass(kind, KeyboardInterrupt))
        for write in self._writes:
            if not write.cancelled():
                write.result()

    def keep_plan(self, manifest: Path) -> None:
        """Let other machines know the run by the output's address, until the output is there."""
        try:
            put_over(manifest, Address(self._folder + _PLAN))
        except InputError as refused:
            self.trouble = self.trouble or refused

    def fetch(self, name: str, fingerprint: str, file: Path) -> Entry | None:
        """The entry of a product that is there, with its files put where `file` is; None where it is not.

        Raises MediaError where the storage does not answer.
        """
        if name not in self._names:
            return None
        try:
            with ObjectFile(Address(self._folder + name)) as stream:
                content = stream.readall()
            return _unpacked(content, fingerprint, file)
        except (InputError, ValueError):  # removed by one who is through with it; or not what it should be
            return None

    def keep(self, name: str, entry: Entry, file: Path) -> None:
        """Put a product there, unless it is."""
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
        remove([Address(found.url) for found in objects_below(self._folder)])


def _packed(entry: Entry, file: Path) -> bytes:
    files = [file, *(file.with_name(name) for name, _ in entry.also)]
    contents = [path.read_bytes() for path in files]
    sizes = [(path.name, len(content)) for path, content in zip(files, contents, strict=True)]
    line = json.dumps({"entry": asdict(entry), "files": sizes}, separators=(",", ":"))
    return b"".join((line.encode(), b"\n", *contents))


def _unpacked(content: bytes, fingerprint: str, file: Path) -> Entry:
    """Write the files. Raises ValueError for content that is not what it says, or not that product."""
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
    """Put all that stays of a finished run beside its output, as it lies on the disk. Raises as look_at does."""
    for path in layout.record:
        if path.is_file():
            put_over(path, _beside(output, path))


def fetch_record(output: Address, layout: RunLayout) -> bool:
    """Bring the record of a finished run here; False where there is none. Raises as look_at does.

    It is believed as far as a record on the disk: each file counts only with the hash in the ledger.
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
    """Bring the plan of another machine's unfinished run here; False where there is none. Raises as look_at does."""
    plan = Address(_work_of(output) + _PLAN)
    if not is_there(plan):
        return False
    layout.make_folder()
    with ObjectFile(plan) as stream:
        write_whole(layout.manifest, stream.readall())
    return True


def made_elsewhere(output: Address) -> set[tuple[str, int]]:
    """Pass and chunk of what lies in the storage of an output that is not there yet. Raises as look_at does."""
    folder = _work_of(output)
    found = (_PRODUCT.fullmatch(found.url.removeprefix(folder)) for found in objects_below(folder))
    return {(product[1], int(product[2])) for product in found if product}


def remote_claim(output: Address) -> Address:
    """The claim of whoever makes an output of a listing."""
    return Address(f"{output.url}{RUN_SUFFIX}/claim")


def _work_of(output: Address) -> str:
    return f"{output.url}{RUN_SUFFIX}/work/"


def _beside(output: Address, path: Path) -> Address:
    return Address(f"{output.url}{RUN_SUFFIX}/{path.name}")
