"""Receipt: the facts of a published output."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.files import write_whole
from pipeline.loading.typed_json import typed_json
from pipeline.record.own_file import read_own
from pipeline.storage.objects import digest_of_object, look_at
from pipeline.structures.address import Address


@dataclass(frozen=True)
class Receipt:
    """An object as it was when it was published: its address, its size in bytes, and its ETag.

    Of a storage that has no ETags it is the content's SHA-256.
    """

    address: str
    size: int
    etag: str

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        write_whole(path, (json.dumps(asdict(self), indent=1) + "\n").encode())

    @classmethod
    def read(cls, path: Path) -> Receipt:
        """The receipt at `path`. Raises OSError or ValueError if it cannot be read."""
        return typed_json(cls, read_own(path))

    def holds(self) -> bool:
        """True if the object exists and has not changed. Raises MediaError if the storage does not answer."""
        try:
            facts = look_at(address := Address(self.address))
            return facts.size == self.size and (facts.etag or digest_of_object(address)) == self.etag
        except InputError:
            return False
