"""Checkpoints of a training run: everything that the next step depends on, in one file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pipeline.errors import WeightsError
from pipeline.formats.own_file import load_weights, save_weights
from pipeline.networks.checkpoint import save_checkpoint
from pipeline.training.step import TrainState

_STEP, _IDENTITY = "step", "network"


def save_state(state: TrainState, step: int, path: Path) -> None:
    """Write the state before `step`; the file appears when it is whole."""
    arrays = {name: np.asarray(_plain(variable)) for name, variable in state.variables.items()}
    arrays = {n: a.astype(np.int64) if a.dtype.kind in "iu" else a for n, a in arrays.items()}
    save_weights(path, arrays, {_STEP: str(step), _IDENTITY: state.model.config.to_json()})


def load_state(state: TrainState, path: Path) -> int:
    """Set the state to that of the file and return the step that comes next.

    Raises WeightsError where the file is of another network or another optimizer.
    """
    arrays, metadata = load_weights(path)
    variables = state.variables
    misfits = sorted(
        name
        for name in arrays.keys() | variables.keys()
        if name not in arrays or name not in variables or arrays[name].shape != tuple(variables[name].shape)
    )
    if misfits or metadata.get(_IDENTITY) != state.model.config.to_json():
        raise WeightsError(
            f"{path} is a checkpoint of another training run.",
            found=f"{len(misfits)} arrays that do not fit, the first {misfits[:3]}"
            if misfits
            else "another network",
            do="give the run another output folder, or delete the checkpoint to start again",
        )
    for name, variable in variables.items():
        variable.assign(arrays[name].astype(str(variable.dtype)))
    return int(metadata[_STEP])


def save_result(state: TrainState, path: Path, metadata: dict[str, str]) -> None:
    """Write the network with the moving average of its weights, in float16, as the product loads it."""
    with averaged_weights(state):
        save_checkpoint(state.model, path, metadata, np.float16)


@contextmanager
def averaged_weights(state: TrainState) -> Iterator[None]:
    """Within it the network has the moving average of its weights."""
    own = [np.asarray(_plain(weight)) for weight in state.model.weights]
    try:
        for weight, average in zip(state.model.weights, state.average, strict=True):
            weight.assign(np.asarray(_plain(average)))
        yield
    finally:
        for weight, value in zip(state.model.weights, own, strict=True):
            weight.assign(value)


def _plain(variable: object) -> object:
    import keras

    return keras.ops.convert_to_numpy(variable.value)  # type: ignore[attr-defined]
