"""The stream that `torch.save` wrote before PyTorch 1.6: five pickles, then each storage after its length.

torchvision's Mask R-CNN checkpoint of 2019 is still distributed in this form.
"""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError
from pipeline.formats.pytorch_pickle import TensorUnpickler

#: The first pickle of every such file.
MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
#: Each storage is preceded by its number of elements as a little-endian int64.
_LENGTH_BYTES = 8


def read_pytorch_stream(path: Path) -> tuple[object, dict[str, NDArray[np.generic]]]:
    """The object that the stream's pickle describes, and the numbers of each storage by its key.

    Raises WeightsError for a stream that is damaged, cut short, or not one of PyTorch's.
    """
    # Mapped, because reading a length that a damaged file invents then costs no memory.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as stream:
        unpickler = TensorUnpickler(str(path))
        if (magic := unpickler.load(stream)) != MAGIC_NUMBER:
            raise _refusal(
                path, f"a pickle that begins with a {type(magic).__name__}, not with PyTorch's magic number"
            )
        if unpickler.load(stream) != _PROTOCOL:
            raise _refusal(path, f"a protocol other than {_PROTOCOL}")
        system = unpickler.load(stream)
        if not isinstance(system, dict) or system.get("little_endian") is not True:
            raise _refusal(path, "a file of a big-endian machine")
        described = unpickler.load(stream)
        return described, _read_storages(stream, unpickler, path)


def _read_storages(
    stream: mmap.mmap, unpickler: TensorUnpickler, path: Path
) -> dict[str, NDArray[np.generic]]:
    declared = dict(unpickler.storages)
    keys = unpickler.load(stream)
    if not isinstance(keys, list) or {type(key) for key in keys} - {str} or sorted(keys) != sorted(declared):
        raise _refusal(path, "a list of storages that differs from the tensors' own")
    storages = {}
    for key in keys:
        storage = declared[key]
        if int.from_bytes(stream.read(_LENGTH_BYTES), "little") != storage.elements:
            raise _refusal(
                path, f"another length before storage {key} than the {storage.elements} it declares"
            )
        try:
            storages[key] = storage.array(stream.read(storage.bytes_in_file))
        except ValueError as short:
            raise _refusal(path, str(short)) from None
    return storages


def _refusal(path: Path, found: str) -> WeightsError:
    return WeightsError(f"{path} cannot be read as a PyTorch file.", found=found, do="fetch the file again")
