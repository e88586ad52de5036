"""Read the kind of a network's file, and the metadata that Ultralytics writes into exports."""

from __future__ import annotations

import ast
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import WeightsError

#: Bytes that are enough to recognise a kind.
_HEAD_BYTES = 4096

#: Kinds, recognised by bytes at a position near the beginning.
_MARKS = (
    (4, b"TFL3", "tflite"),
    (0, b"\x89HDF\r\n", "a Keras or HDF5 file"),
    (0, b"PK\x03\x04", "a zip archive, such as a PyTorch checkpoint"),
    (0, b"GGUF", "a language model (GGUF)"),
    (0, b"7767517", "the layers of an ncnn network, without its weights"),
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (4, b"ftyp", "an MP4 video"),
    (0, b"\x1aE\xdf\xa3", "a Matroska video"),
    (0, b"\x1f\x8b", "a gzip archive: unpack it first"),
    (0, b"version https://git-lfs", "a Git LFS pointer: the file itself was never downloaded"),
    (0, b"\x80\x02", "a PyTorch checkpoint or another pickle"),
)

#: Most characters of metadata to read; 365 classes need a tenth of it, and a small archive can expand to gigabytes.
_MOST_METADATA = 1 << 20

#: Errors of the readers of numbers, texts and archives; deep nesting raises MemoryError or RecursionError.
_DAMAGE = (
    *(ValueError, SyntaxError, KeyError, TypeError, IndexError, ArithmeticError, RuntimeError, MemoryError),
    *(EOFError, zipfile.BadZipFile, zlib.error),
)

#: Fields of ONNX's ModelProto: ir_version, graph, metadata_props; and of a metadata entry: key, value.
_IR_VERSION, _GRAPH, _METADATA, _KEY, _VALUE = 1, 7, 14, 1, 2


@dataclass(frozen=True)
class YoloFile:
    """The facts in the file of an exported network.

    path : the file. kind : "onnx" or "tflite".
    names : class names in the order of the outputs; empty if the file has none.
    task : Ultralytics' name of the network's purpose, "segment" for ours; None if the file has none.
    size : height and width of the input in px, from the metadata; None if it has none.
    stride : in px; sides of the input are multiples of it.
    """

    path: Path
    kind: str
    names: tuple[str, ...]
    task: str | None
    size: tuple[int, int] | None
    stride: int


def read_yolo_file(path: Path) -> YoloFile:
    """The facts in a file. Raises WeightsError, with what it seems to be, unless it is ONNX or TFLite."""
    kind = kind_of(path)
    if kind not in ("onnx", "tflite"):
        raise WeightsError(
            f"{path} is not an ONNX or TFLite network.",
            found=f"it seems to be {kind}",
            do="export the network with `yolo export format=onnx` or `format=tflite`",
        )
    try:
        entries = _onnx_metadata(path.read_bytes()) if kind == "onnx" else _tflite_metadata(path)
        return _described(path, kind, entries)
    except _DAMAGE as error:
        raise WeightsError(
            f"{path} has metadata that cannot be read.",
            found=str(error) or type(error).__name__,
            do="export the network again",
        ) from error


def kind_of(path: Path) -> str:
    """`onnx`, `tflite`, or a description of what the file seems to be. Raises WeightsError if it cannot be read."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise WeightsError(f"Cannot read {path}.", found=error.strerror, do="check the path") from error
    if not head:
        return "an empty file"
    for place, mark, kind in _MARKS:
        if head[place : place + len(mark)] == mark:
            return kind
    if head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < path.stat().st_size:
        return "a safetensors file"
    if head.lstrip()[:1] == b"<":
        return "a web page: the download went wrong"
    if head[0] == _IR_VERSION << 3 and _looks_like_onnx(path):
        return "onnx"
    return f"a file of an unknown kind that begins with {head[:12]!r}"


def _described(path: Path, kind: str, entries: Mapping[str, Any]) -> YoloFile:
    names = _literal(entries.get("names", ()))
    if isinstance(names, dict):
        names = [name for _, name in sorted((int(key), name) for key, name in names.items())]
    size = _literal(entries.get("imgsz"))
    if isinstance(size, int):
        size = [size, size]
    stride = int(_literal(entries.get("stride", 32)))
    if stride < 1 or (size is not None and (len(size) != 2 or min(size) < 1)):
        raise ValueError(f"an input of {size} px with a stride of {stride}")
    return YoloFile(
        path=path,
        kind=kind,
        names=tuple(str(name) for name in names),
        task=entries.get("task"),
        size=None if size is None else (int(size[0]), int(size[1])),
        stride=stride,
    )


def _literal(value: Any) -> Any:
    """The value of metadata, which ONNX stores as text of Python literals and JSON as values."""
    if not isinstance(value, str):
        return value
    if len(value) > _MOST_METADATA:
        raise ValueError(f"{len(value)} characters")
    return ast.literal_eval(value)


def _tflite_metadata(path: Path) -> dict[str, Any]:
    """The JSON that Ultralytics appends to a TFLite file as a zip archive; empty if there is none."""
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith((".json", ".txt")):
                continue
            if archive.getinfo(name).file_size > _MOST_METADATA:
                raise ValueError(f"{name} of {archive.getinfo(name).file_size} bytes")
            text = archive.read(name).decode()
            try:  # older exports have the text of a Python dictionary; others append lists of labels
                found = json.loads(text) if name.endswith(".json") else ast.literal_eval(text)
            except (ValueError, SyntaxError):
                continue
            if isinstance(found, dict):
                return found
    return {}


def _looks_like_onnx(path: Path) -> bool:
    """True if the whole file is a protobuf message with a graph in ONNX's field."""
    try:
        return any(field == _GRAPH for field, _ in _fields(memoryview(path.read_bytes())))
    except (ValueError, IndexError):
        return False


def _onnx_metadata(content: bytes) -> dict[str, str]:
    entries = {}
    for field, value in _fields(memoryview(content)):
        if field == _METADATA:
            parts = {key: bytes(part).decode() for key, part in _fields(value)}
            entries[parts[_KEY]] = parts.get(_VALUE, "")
    return entries


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of each field of a protobuf message; numeric fields have no bytes.

    Raises ValueError or IndexError for anything else. (developers.google.com/protocol-buffers, "Encoding")
    """
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        wire, start = tag & 7, place
        if wire == 0:
            _, place = _varint(message, place)
            start = place
        elif wire == 2:
            length, start = _varint(message, place)
            place = start + length
        elif wire in (1, 5):
            place += 8 if wire == 1 else 4
        else:
            raise ValueError(f"no protobuf message: wire type {wire}")
        if place > len(message):
            raise ValueError("no protobuf message: it ends inside a field")
        yield tag >> 3, message[start:place]


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError("no protobuf message: a number of more than 64 bits")
