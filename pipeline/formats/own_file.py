"""Our own weights: one safetensors file with the arrays and what is to be known about them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from pipeline.errors import WeightsError
from pipeline.files import write_whole

#: Types as the format calls them; bfloat16 is read as the upper half of a float32.
_STORED = {
    **{"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "BOOL": "?"},
    **{"I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1", "U8": "<u1"},
}
#: The format has no checksum, so the file carries one of its arrays among the metadata.
_DIGEST = "arrays_sha256"
_DAMAGE = (OSError, ValueError, KeyError, safetensors.SafetensorError)
#: The header's length stands before it as a little-endian integer.
_LENGTH_BYTES = 8
#: The format allows no longer one.
_LONGEST_HEADER = 100_000_000


def save_weights(path: str | Path, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Write the arrays, each in the type it has, float16 and ml_dtypes.bfloat16 included.

    The file appears under its name only when it is whole; one that was there is replaced.

    Raises WeightsError where an array's type is none of the format's, WriteError where the file cannot be written.

    """
    # asarray and not ascontiguousarray, which turns a scalar into a vector.
    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    described = {**metadata, _DIGEST: _digest({name: array.tobytes() for name, array in plain.items()})}
    try:
        content = safetensors.numpy.save(plain, metadata=described)
    except (KeyError, ValueError, safetensors.SafetensorError) as failure:
        raise WeightsError(f"{path} cannot hold these weights.", found=str(failure)) from failure
    write_whole(Path(path), content)


def load_weights(path: str | Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The arrays by name, float16 and bfloat16 widened to float32, and the metadata.

    Raises WeightsError where the file cannot be opened or is damaged.

    """
    try:
        content = Path(path).read_bytes()
        entries = _checked(content)
        metadata = _metadata(content)
        metadata.pop(_DIGEST, None)
        return {name: _array(entry) for name, entry in entries.items()}, metadata
    except _DAMAGE as damage:
        raise _unreadable(path, damage) from damage


def read_metadata(path: str | Path) -> dict[str, str]:
    """The metadata alone, with the arrays unread and unchecked. Raises WeightsError as `load_weights` does."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(_LENGTH_BYTES)
            length = int.from_bytes(start, "little")
            if length > _LONGEST_HEADER:
                raise ValueError(f"a header of {length} bytes")
            return _metadata(start + file.read(length))
    except (OSError, ValueError, RecursionError) as damage:
        raise _unreadable(path, damage) from damage


def check_weights(path: str | Path) -> None:
    """Raise WeightsError, as `load_weights` would, where the file is damaged."""
    try:
        _checked(Path(path).read_bytes())
    except _DAMAGE as damage:
        raise _unreadable(path, damage) from damage


def _unreadable(path: str | Path, damage: Exception) -> WeightsError:
    return WeightsError(
        f"{path} cannot be read as seg-video weights.",
        found=f"{type(damage).__name__}: {damage}",
        do="give a .safetensors file that seg-video wrote, or fetch it again",
    )


def _array(entry: Mapping[str, Any]) -> NDArray[Any]:
    values = np.frombuffer(entry["data"], _STORED[entry["dtype"]]).reshape(entry["shape"])
    if entry["dtype"] == "BF16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32) if entry["dtype"] == "F16" else values


def _metadata(content: bytes) -> dict[str, str]:
    """The header's text entries; `deserialize` has checked the header and leaves them out."""
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    header = json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length])
    metadata = header.get("__metadata__", {}) if isinstance(header, dict) else None
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("its header has something else than texts for its metadata")
    return metadata


def _checked(content: bytes) -> dict[str, Mapping[str, Any]]:
    """The entries of the arrays by name. Raises ValueError where they do not match the digest in the metadata."""
    entries = dict(safetensors.deserialize(content))
    digest = _digest({name: entry["data"] for name, entry in entries.items()})
    if _metadata(content).get(_DIGEST, digest) != digest:
        raise ValueError("its arrays do not match their checksum")
    return entries


def _digest(raw: Mapping[str, bytes | bytearray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(raw):
        digest.update(name.encode() + b"\0" + len(raw[name]).to_bytes(_LENGTH_BYTES, "little"))
        digest.update(raw[name])
    return digest.hexdigest()
