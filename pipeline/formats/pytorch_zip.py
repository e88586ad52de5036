"""The zip archive that `torch.save` writes since PyTorch 1.6: a pickle, and one plain member a storage."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError
from pipeline.formats.pytorch_pickle import TensorUnpickler

_DAMAGE = (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)


def read_pytorch_zip(path: Path) -> tuple[object, dict[str, NDArray[np.generic]]]:
    """The object that the archive's pickle describes, and the numbers of each storage by its key.

    Raises WeightsError for an archive that is damaged, compressed, or not one of PyTorch's.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _checked_members(archive, path)
            return _read(archive, members, path)
    except _DAMAGE as damage:
        raise _refusal(path, f"{type(damage).__name__}: {damage}", "fetch the file again") from damage


def _refusal(path: Path, found: str, do: str) -> WeightsError:
    return WeightsError(f"{path} cannot be read as a PyTorch file.", found=found, do=do)


def _checked_members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Members by name; nothing is unpacked before their sizes have been added up."""
    members = {entry.filename: entry for entry in archive.infolist()}
    rewrite = "save it again with torch.save, which stores every member once and uncompressed"
    for name in members:
        if name.startswith("/") or "\\" in name or ".." in name.split("/"):
            raise _refusal(path, f"a member called {name!r}", rewrite)
    if len(members) < len(archive.infolist()):
        raise _refusal(path, "two members of one name", rewrite)
    # Uncompressed members that do not overlap fit into the file: this is what a zip bomb cannot do.
    packed = [name for name, entry in members.items() if entry.compress_type != zipfile.ZIP_STORED]
    total, size = sum(entry.file_size for entry in members.values()), path.stat().st_size
    if packed or total > size:
        found = f"{len(packed)} compressed members, {total} bytes out of a file of {size}"
        raise _refusal(path, found, rewrite)
    return members


def _read(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], path: Path
) -> tuple[object, dict[str, NDArray[np.generic]]]:
    root = _root(members, path)
    unpickler = TensorUnpickler(str(path))
    described = unpickler.load(io.BytesIO(archive.read(f"{root}/data.pkl")))
    big_endian = _big_endian(archive, members, root, path)
    storages = {}
    for key, storage in unpickler.storages.items():
        member = f"{root}/data/{key}"
        if member not in members:
            raise _refusal(path, f"no member {member}, which the pickle names", "fetch the file again")
        storages[key] = storage.array(archive.read(member), big_endian=big_endian)
    return described, storages


def _root(members: dict[str, zipfile.ZipInfo], path: Path) -> str:
    roots = [name.removesuffix("/data.pkl") for name in members if name.endswith("/data.pkl")]
    if len(roots) != 1:
        found = f"a zip archive with {len(roots)} members data.pkl among {len(members)}"
        raise _refusal(path, found, "give the file that torch.save wrote")
    if f"{roots[0]}/constants.pkl" in members:
        raise _refusal(
            path, "a TorchScript archive, which is a program", "save the model's state_dict() alone"
        )
    return roots[0]


def _big_endian(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], root: str, path: Path) -> bool:
    """True if the storages are big-endian; files older than PyTorch 2.0 do not say and are little-endian."""
    record = f"{root}/byteorder"
    order = archive.read(record) if record in members else b"little"
    if order not in (b"little", b"big"):
        raise _refusal(path, f"the byte order {order[:20]!r}", "fetch the file again")
    return order == b"big"
