"""Weights out of the `.h5` files of Keras 1 and 2, as arrays alone: no model is rebuilt, no code is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError

#: Kinds of numpy types that weights have: signed, unsigned, floating, boolean.
_NUMBERS = "iufb"
_DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError)


def read_layer_weights(path: str | Path) -> dict[str, NDArray[Any]]:
    """The weights of a `.h5` file by `layer/leaf`, such as `res2a_branch2a/kernel`, in the file's order.

    Of a nested model's weights the inner layer's name counts: `rpn_model/rpn_conv_shared/kernel:0` is
    `rpn_conv_shared/kernel`. Whole-model files, which keep them under `model_weights`, are read as well.

    Raises WeightsError for a file that is damaged, has no Keras weights, or takes data from elsewhere.

    """
    try:
        with h5py.File(path, "r") as file:
            return _read(file, Path(path))
    except _DAMAGE as damage:
        raise _refusal(path, f"{type(damage).__name__}: {damage}", "fetch the file again") from damage


def _refusal(path: str | Path, found: str, do: str) -> WeightsError:
    return WeightsError(f"{path} cannot be read as Keras weights.", found=found, do=do)


def _read(file: Any, path: Path) -> dict[str, NDArray[Any]]:
    root = file
    if "layer_names" not in _attributes(file) and "model_weights" in file:
        root = _local(file, "model_weights", path)
    weights: dict[str, NDArray[Any]] = {}
    budget = path.stat().st_size
    for layer, stored, dataset in _datasets(root, path):
        name = _layer_and_leaf(layer, stored)
        if name in weights:
            raise _refusal(path, f"two weights called {name}", "give a file that has each weight once")
        _check_dataset(dataset, name, path)
        budget -= dataset.nbytes
        # An .h5 file can declare terabytes that are compressed or were never written.
        if budget < 0:
            raise _refusal(path, f"weights larger than the file itself, {name} among them", "fetch it again")
        weights[name] = np.asarray(dataset[()], dataset.dtype.newbyteorder("="))
    return weights


def _datasets(root: Any, path: Path) -> Iterator[tuple[str, str, Any]]:
    """Layer name, stored name and dataset of each weight, in the order of the model's layers."""
    if "layer_names" not in _attributes(root):
        do = "give the file that model.save_weights wrote; a Keras 3 .weights.h5 is another format"
        raise _refusal(path, f"no layer_names among the attributes {list(root.attrs)[:8]}", do)
    for layer in _names(root, "layer_names"):
        group = _local(root, layer, path)
        for stored in _names(group, "weight_names"):
            yield layer, stored, _local(group, stored, path)


def _attributes(group: Any) -> set[str]:
    """Names of the attributes; one too long for HDF5 is kept in numbered pieces, counted as one here."""
    return {name.rstrip("0123456789") for name in group.attrs}


def _names(group: Any, attribute: str) -> list[str]:
    pieces = [attribute] if attribute in group.attrs else []
    if not pieces:
        count = sum(name.rstrip("0123456789") == attribute for name in group.attrs)
        pieces = [f"{attribute}{index}" for index in range(count)]
    entries = [entry for piece in pieces for entry in np.ravel(group.attrs[piece])]
    return [entry.decode() if isinstance(entry, bytes) else str(entry) for entry in entries]


def _local(group: Any, name: str, path: Path) -> Any:
    """The member of a group, step by step, so that no link leads out of the file."""
    for step in name.split("/"):
        link = group.get(step, getlink=True) if isinstance(group, h5py.Group) else None
        if link is None:
            raise _refusal(path, f"no {name}, which the file lists", "fetch the file again")
        if not isinstance(link, h5py.HardLink):
            raise _refusal(path, f"a {type(link).__name__} at {name}", "use a file that holds its own data")
        group = group[step]
    return group


def _check_dataset(dataset: Any, name: str, path: Path) -> None:
    if not isinstance(dataset, h5py.Dataset):
        raise _refusal(path, f"{name} is a {type(dataset).__name__}", "fetch the file again")
    if dataset.is_virtual or dataset.external:
        raise _refusal(path, f"{name} lies in other files", "use a file that holds its own data")
    if dataset.dtype.kind not in _NUMBERS:
        raise _refusal(path, f"{name} is of type {dataset.dtype}", "use a file that holds numbers")


def _layer_and_leaf(layer: str, stored: str) -> str:
    """`layer/leaf` of a weight: without `:0`, without its group's name where a layer's name follows it."""
    name = stored.removesuffix(":0")
    if "/" not in name:
        return f"{layer}/{name}"
    inner = name.removeprefix(f"{layer}/")
    return inner if "/" in inner else name
