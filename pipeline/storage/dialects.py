"""dialect_of: the dialect of the storage that an address lies in."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.storage.dialect import Dialect
from pipeline.storage.file_system import FileSystem
from pipeline.storage.object_stores import S3, Azure, Google
from pipeline.structures.address import Address

_S3, _GOOGLE, _AZURE = S3(), Google(), Azure()

#: By what an address begins with: storages that take a name on a condition.
_OBJECT_STORES: Mapping[str, Dialect] = {
    **{"s3": _S3, "s3a": _S3},
    **{"gs": _GOOGLE, "gcs": _GOOGLE},
    **{"az": _AZURE, "abfs": _AZURE, "abfss": _AZURE},
}

#: All others: what they can do is tried.
_FILE_SYSTEM = FileSystem()


def dialect_of(address: Address | str) -> Dialect:
    """The dialect of the storage that an address, or a prefix, lies in."""
    return _OBJECT_STORES.get(str(address).partition(":")[0].lower(), _FILE_SYSTEM)
