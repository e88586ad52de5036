"""A start for a ShuffleNetV2 of another width, from that of one of width 1.

    python -m research.resize_trunk nanodet-start.safetensors 0.75 OUT.safetensors

A narrower trunk has some of the channels, evenly spaced; a wider one has some twice, and what reads them takes half of
each (Chen et al. 2016, Net2Net), so that it computes what the trunk of width 1 does.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SegVideoError
from pipeline.formats.own_file import load_weights, save_weights
from pipeline.model.backbones.channel_shuffle import Shuffle, plan_shuffle
from pipeline.model.backbones.shufflenet_v2 import _STAGES, STEM, channels_of

Array = NDArray[Any]
Identity = tuple[int, int]


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("start", type=Path, metavar="START.safetensors", help="of research.start_from")
    parser.add_argument("multiplier", type=float)
    parser.add_argument("output", type=Path, metavar="OUT.safetensors")
    arguments = parser.parse_args()
    try:
        arrays, metadata = load_weights(arguments.start)
        save_weights(arguments.output, resized(arrays, arguments.multiplier), metadata)
    except SegVideoError as error:
        sys.exit(str(error))


def resized(arrays: dict[str, Array], multiplier: float) -> dict[str, Array]:
    """The trunk's arrays at another width."""
    made = {name: array for name, array in arrays.items() if "/stage" not in name}
    rows = np.arange(STEM)
    for stage, (channels, repeats) in enumerate(_STAGES, start=2):
        half, own = channels // 2, channels_of(channels, multiplier) // 2
        before, after = plan_shuffle(repeats, half), plan_shuffle(repeats, own)
        written = _written(before, after, half, own)
        inside = _spread(half, own)
        for unit in range(repeats):
            name = f"backbone/stage{stage}_unit{unit}"
            inputs = rows if unit == 0 else _read(before, after, written, unit)
            if unit == 0:
                _put(made, arrays, f"{name}/passed_depthwise", None, inputs)
                _put(made, arrays, f"{name}/passed_project", inputs, written[0])
            _put(made, arrays, f"{name}/expand", inputs, inside)
            _put(made, arrays, f"{name}/depthwise", None, inside)
            _put(made, arrays, f"{name}/project", inside, written[unit + 1])
        rows = _read(before, after, written, repeats)
    return made


def _spread(before: int, after: int) -> Array:
    """For each of `after` places one of `before`, evenly."""
    return np.arange(after) * before // after


def _written(before: Shuffle, after: Shuffle, half: int, own: int) -> list[Array]:
    """For each writer, the channel of width 1 that each of its channels is: one that the same unit takes up."""
    maps = []
    for old, new in zip(before.writers, after.writers, strict=True):
        chosen = _spread(half, own)
        for reader, size in new.groups:
            if len(group := old.group(reader)):
                chosen[new.group(reader)] = group[_spread(len(group), size)]
        maps.append(chosen)
    return maps


def _read(before: Shuffle, after: Shuffle, written: list[Array], unit: int) -> Array:
    """For each channel that a unit reads, the kernel's row of it at width 1; -1 where that unit does not read it."""
    old = {identity: place for place, identity in _places(before, unit).items()}
    new = _places(after, unit)
    return np.array(
        [
            old.get((writer, int(written[writer][channel])), -1)
            for writer, channel in (new[place] for place in range(len(new)))
        ]
    )


def _places(shuffle: Shuffle, unit: int) -> dict[int, Identity]:
    """The writer and its channel at each row of the kernel that a unit reads with."""
    read = [
        (number, int(channel))
        for number, writer in enumerate(shuffle.writers)
        for channel in writer.group(unit)
    ]
    return {int(place): identity for place, identity in zip(shuffle.reads[unit - 1], read, strict=True)}


def _put(
    made: dict[str, Array], arrays: dict[str, Array], name: str, rows: Array | None, columns: Array
) -> None:
    """Kernel and bias of a convolution; `rows` None for a depthwise one."""
    kernel, bias = arrays[f"{name}/kernel"], arrays[f"{name}/bias"]
    # A channel that was not read at width 1 is a row of zeros; one that is there twice counts half each time.
    known = np.maximum(columns, 0)
    made[f"{name}/bias"] = np.where(columns >= 0, bias[known], 0.0).astype(bias.dtype)
    kernel = np.where(columns >= 0, kernel[..., known], 0.0)
    if rows is not None:
        times = np.bincount(rows[rows >= 0], minlength=kernel.shape[-2])
        shares = np.where(rows >= 0, 1.0 / np.maximum(times[np.maximum(rows, 0)], 1), 0.0)
        kernel = kernel[:, :, np.maximum(rows, 0)] * shares[:, None]
    made[f"{name}/kernel"] = kernel.astype(bias.dtype)


if __name__ == "__main__":
    main()
