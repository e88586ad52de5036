"""State dicts out of PyTorch files, without PyTorch and without running anything that is in them."""

from __future__ import annotations

from pathlib import Path
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError
from pipeline.formats.pytorch_legacy import read_pytorch_stream
from pipeline.formats.pytorch_tensors import TensorRecord
from pipeline.formats.pytorch_zip import read_pytorch_zip

_ZIP_START = b"PK\x03\x04"
_PICKLE_START = b"\x80"
#: How many names an error shows.
_SHOWN = 8


def read_state_dict(path: str | Path) -> dict[str, NDArray[np.generic]]:
    """The tensors of a `.pth` file by name, in the file's order.

    path : a file of `torch.save`, of any version, also a training checkpoint that holds one state dict.

    The arrays are read-only views; tensors that share a storage in the file share memory here. Element types
    are kept, only bfloat16 becomes float32. Names are left alone, a `module.` in front of them too.
    Raises WeightsError for a file that is damaged, holds no state dict or several, or asks for anything but tensors.
    """
    path = Path(path)
    described, storages = _read(path)
    state = _state_dict(described, path)
    return {name: tensor.array(storages[tensor.storage.key]) for name, tensor in state.items()}


def _read(path: Path) -> tuple[object, dict[str, NDArray[np.generic]]]:
    try:
        with path.open("rb") as file:
            start = file.read(len(_ZIP_START))
    except OSError as missing:
        raise WeightsError(
            f"{path} cannot be opened.", found=str(missing), do="give the path of a .pth file"
        ) from None
    if start == _ZIP_START:
        return read_pytorch_zip(path)
    if start.startswith(_PICKLE_START):
        return read_pytorch_stream(path)
    raise WeightsError(
        f"{path} is no PyTorch file.",
        found=f"a file that begins with {start!r}" if start else "an empty file",
        do="fetch the file again; a page that a server sent in its place looks like this",
    )


def _state_dict(described: object, path: Path) -> dict[str, TensorRecord]:
    if _is_state_dict(described):
        return described
    entries = described if isinstance(described, dict) else {}
    states = {str(key): value for key, value in entries.items() if _is_state_dict(value)}
    if len(states) == 1:
        return next(iter(states.values()))
    raise WeightsError(
        f"{path} does not hold one state dict.",
        found=f"the state dicts {list(states)[:_SHOWN]}" if states else _outline(described),
        do="save the model's state_dict() alone",
    )


def _is_state_dict(value: object) -> TypeGuard[dict[str, TensorRecord]]:
    return (
        isinstance(value, dict)
        and len(value) > 0
        and all(isinstance(name, str) and isinstance(tensor, TensorRecord) for name, tensor in value.items())
    )


def _outline(described: object) -> str:
    """A description of the content by type alone: a value's text could be made to be endless."""
    if not isinstance(described, dict):
        return f"a {type(described).__name__}"
    entries = [f"{str(key)[:40]!r}: {type(value).__name__}" for key, value in described.items()]
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return "a dict of " + ", ".join(entries[:_SHOWN]) + more
