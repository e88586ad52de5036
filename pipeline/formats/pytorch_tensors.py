"""Tensors as a PyTorch file describes them: windows of shape and strides over storages of equal elements."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Element type of each storage class that `torch.save` names, as little-endian numpy reads its bytes.
STORAGE_DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "bool",
}
#: numpy 1 allows no more axes than this.
_MOST_AXES = 32
#: bfloat16 is the upper half of a float32; a bool is a byte that is not zero.
_READ_AS = {"bfloat16": "<u2", "bool": "<u1"}


@dataclass(frozen=True)
class StorageRecord:
    """A flat run of numbers in the file.

    key : its name in the file.
    kind : one of STORAGE_DTYPES.
    elements : how many numbers it holds.
    """

    key: str
    kind: str
    elements: int

    @property
    def bytes_in_file(self) -> int:
        """Size of the storage in bytes."""
        return self.elements * self._read_dtype().itemsize

    def array(self, raw: bytes, *, big_endian: bool = False) -> NDArray[np.generic]:
        """The numbers of the storage [elements]; bfloat16 is widened to float32, which loses nothing.

        Raises ValueError where `raw` is shorter or longer than the storage says.
        """
        if len(raw) != self.bytes_in_file:
            raise ValueError(f"storage {self.key} holds {len(raw)} bytes and declares {self.bytes_in_file}")
        stored = self._read_dtype()
        values = np.frombuffer(raw, stored.newbyteorder(">") if big_endian else stored)
        values = values.astype(stored.newbyteorder("="), copy=False)
        if STORAGE_DTYPES[self.kind] == "bfloat16":
            return (values.astype(np.uint32) << 16).view(np.float32)
        if STORAGE_DTYPES[self.kind] == "bool":
            return values != 0
        return values

    def _read_dtype(self) -> np.dtype:
        name = STORAGE_DTYPES[self.kind]
        return np.dtype(_READ_AS.get(name, name))


@dataclass(frozen=True)
class TensorRecord:
    """A window over a storage; several may share one.

    storage : where the numbers are.
    offset : index of the tensor's first element in the storage.
    shape, strides : elements along each axis, and elements from one to the next.

    Raises ValueError on construction where the window leaves its storage or is larger than it.
    """

    storage: StorageRecord
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def __post_init__(self) -> None:
        numbers = (self.offset, *self.shape, *self.strides)
        if any(type(number) is not int or number < 0 for number in numbers):
            raise ValueError("a tensor's offset, shape or strides are no whole numbers from 0 on")
        if len(self.shape) != len(self.strides) or len(self.shape) > _MOST_AXES:
            raise ValueError(f"a tensor has {len(self.shape)} sizes and {len(self.strides)} strides")
        # A window larger than its storage repeats elements: a few bytes could then stand for terabytes.
        size = math.prod(self.shape)
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if size > self.storage.elements or self.offset > self.storage.elements:
            raise ValueError(self._outside())
        if size and last >= self.storage.elements:
            raise ValueError(self._outside())

    def array(self, storage: NDArray[np.generic]) -> NDArray[np.generic]:
        """The tensor as a read-only view of its storage's numbers."""
        if len(storage) != self.storage.elements:
            raise ValueError(
                f"storage {self.storage.key}: {len(storage)} elements for a window of another storage"
            )
        steps = tuple(step * storage.itemsize for step in self.strides)
        window = storage[self.offset :]
        return np.lib.stride_tricks.as_strided(window, self.shape, steps, writeable=False)

    def _outside(self) -> str:
        return (
            f"a tensor of shape {list(self.shape)}, strides {list(self.strides)} at offset {self.offset} "
            f"leaves storage {self.storage.key} of {self.storage.elements} elements"
        )
