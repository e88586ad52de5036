"""Files as `torch.save` writes them, made without torch: the pickle byte by byte, both its containers."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

KINDS = {
    "float64": "DoubleStorage",
    "float32": "FloatStorage",
    "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage",
    "int64": "LongStorage",
    "int32": "IntStorage",
    "int16": "ShortStorage",
    "int8": "CharStorage",
    "uint8": "ByteStorage",
    "bool": "BoolStorage",
}
MAGIC_NUMBER = 0x1950A86A20F9469CFC6C


def write_state_dict(path: Path, state: Mapping[str, NDArray[np.generic]]) -> None:
    """Write the file that `torch.save(model.state_dict(), path)` writes: one storage a tensor."""
    write_archive(path, program(state_dict(state)), storages_of(state))


def write_old_state_dict(path: Path, state: Mapping[str, NDArray[np.generic]]) -> None:
    """The same in the form of PyTorch 1.5 and older."""
    body = state_dict(state, old=True)
    write_stream(
        path, program(body), storages_of(state), {str(i): a.size for i, a in enumerate(state.values())}
    )


def storages_of(state: Mapping[str, NDArray[np.generic]]) -> dict[str, bytes]:
    return {str(index): array.tobytes() for index, array in enumerate(state.values())}


def write_archive(
    path: Path,
    data_pkl: bytes,
    storages: Mapping[str, bytes],
    byteorder: bytes = b"little",
    root: str = "archive",
) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{root}/data.pkl", data_pkl)
        archive.writestr(f"{root}/byteorder", byteorder)
        for key, raw in storages.items():
            archive.writestr(f"{root}/data/{key}", raw)
        archive.writestr(f"{root}/version", b"3\n")


def write_stream(
    path: Path,
    body: bytes,
    storages: Mapping[str, bytes],
    elements: Mapping[str, int],
    magic: int = MAGIC_NUMBER,
) -> None:
    sizes = {"short": 2, "int": 4, "long": 4}
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": sizes}
    stream = io.BytesIO()
    for value in (magic, 1001, system):
        pickle.dump(value, stream, protocol=2)
    stream.write(body)
    pickle.dump(sorted(storages), stream, protocol=2)
    for key in sorted(storages):
        stream.write(elements[key].to_bytes(8, "little") + storages[key])
    path.write_bytes(stream.getvalue())


# The pieces of a pickle; each leaves one value on the unpickler's stack.


def program(body: bytes) -> bytes:
    return b"\x80\x02" + body + b"."


def text(value: str) -> bytes:
    encoded = value.encode()
    return b"X" + len(encoded).to_bytes(4, "little") + encoded


def integer(value: int) -> bytes:
    if 0 <= value < 256:
        return b"K" + value.to_bytes(1, "little")
    if -(2**31) <= value < 2**31:
        return b"J" + value.to_bytes(4, "little", signed=True)
    return b"\x8a\x09" + value.to_bytes(9, "little", signed=True)


def sequence(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def numbers(values: tuple[int, ...]) -> bytes:
    return sequence(*map(integer, values))


def name(module: str, attribute: str) -> bytes:
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def call(function: bytes, *arguments: bytes) -> bytes:
    return function + sequence(*arguments) + b"R"


def mapping(items: Mapping[str, bytes]) -> bytes:
    body = b"".join(text(key) + value for key, value in items.items())
    return call(name("collections", "OrderedDict")) + b"(" + body + b"u"


def storage(key: str, kind: str, elements: int, *, old: bool = False) -> bytes:
    view = [b"N"] if old else []
    fields = [text("storage"), name("torch", kind), text(key), text("cpu"), integer(elements), *view]
    return sequence(*fields) + b"Q"


def tensor(storage: bytes, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> bytes:
    hooks = call(name("collections", "OrderedDict"))
    window = [integer(offset), numbers(shape), numbers(strides)]
    return call(name("torch._utils", "_rebuild_tensor_v2"), storage, *window, b"\x89", hooks)


def parameter(value: bytes) -> bytes:
    hooks = call(name("collections", "OrderedDict"))
    return call(name("torch._utils", "_rebuild_parameter"), value, b"\x88", hooks)


def state_dict(state: Mapping[str, NDArray[np.generic]], *, old: bool = False) -> bytes:
    """An OrderedDict of tensors with torch's `_metadata` attribute."""
    entries = {}
    for index, (key, array) in enumerate(state.items()):
        place = storage(str(index), KINDS[array.dtype.name], array.size, old=old)
        strides = tuple(step // array.itemsize for step in np.ascontiguousarray(array).strides)
        entries[key] = tensor(place, 0, array.shape, strides if array.shape else ())
    metadata = mapping({"": mapping({"version": integer(1)})})
    return mapping(entries) + b"}" + text("_metadata") + metadata + b"s" + b"b"
