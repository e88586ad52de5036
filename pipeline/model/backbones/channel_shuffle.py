"""ShuffleNetV2's channel shuffle worked out beforehand: which channel is convolved when, so that none has to move.

Splitting and interleaving channels (Ma et al. 2018, figure 3c) only renames them. A channel is made by some unit's last
convolution, passes some units, is taken up by a later one's first convolution or is left at the stage's end, and all of
that is known in advance. So convolutions write their channels in the order in which they are taken up, each group of
them is one slice, and a unit reads a few slices one behind the other; kernels are permuted instead of features. On a
CPU the interleaving of single channels was half of the trunk's time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from keras import ops
from numpy.typing import NDArray

Order = NDArray[np.int64]


@dataclass(frozen=True)
class Writer:
    """Layout of one convolution's output.

    order : channel of the paper that stands at each place, int64 [half].
    groups : (unit that takes the group up, channels in it), in the order in which they stand. The stage's end counts
        as a unit, the one after the last.
    """

    order: Order
    groups: tuple[tuple[int, int], ...]

    def group(self, unit: int) -> Order:
        """The channels that a unit takes up."""
        start = 0
        for reader, size in self.groups:
            if reader == unit:
                return self.order[start : start + size]
            start += size
        return self.order[:0]


@dataclass(frozen=True)
class Shuffle:
    """A stage's bookkeeping.

    writers : of the first unit's two branches (passed, convolved), then of each further unit's convolved branch.
    reads : for each unit but the first, and last for the stage's end, the paper's channel at each place of what it
        reads: of `half` channels that are convolved, at the end of all of them.
    """

    writers: tuple[Writer, ...]
    reads: tuple[Order, ...]


class ShufflingUnit(Protocol):
    """A unit of a stage, which writes a map for each of its writers."""

    writers: tuple[Writer, ...]

    def __call__(self, inputs: Any, training: bool = False) -> list[Any]:
        """[B, H, W, C] to the maps."""


def shuffled_maps(stem: Any, stages: Sequence[Sequence[ShufflingUnit]], training: bool) -> list[Any]:
    """The stem's output at half its size, and that of each stage after it."""
    # -inf and not 0 around the map: the outputs of a leaky ReLU or a hard swish may all be negative.
    padded = ops.pad(stem, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=float("-inf"))
    maps = [ops.max_pool(padded, 3, 2, padding="valid", data_format="channels_last")]
    for stage in stages:
        maps.append(_stage(stage, maps[-1], training))
    return maps


def _stage(units: Sequence[ShufflingUnit], outputs: Any, training: bool) -> Any:
    """A stage's output [B, H, W, C]: every unit reads the groups that were written for it, concatenated."""
    waiting: list[list[Any]] = [[] for _ in range(len(units) + 1)]
    for number, unit in enumerate(units, start=1):
        for writer, written in zip(unit.writers, unit(outputs, training=training), strict=True):
            ends = np.cumsum([size for _, size in writer.groups])[:-1].tolist()
            groups = ops.split(written, ends, axis=-1) if ends else [written]
            for (reader, _), group in zip(writer.groups, groups, strict=True):
                waiting[reader].append(group)
        outputs = ops.concatenate(waiting[number], axis=-1)
    return outputs


def plan_shuffle(units: int, half: int) -> Shuffle:
    """The bookkeeping of a stage of so many units that convolve `half` channels each, the first of stride 2."""
    channels = _interleave([(0, place) for place in range(half)], [(1, place) for place in range(half)])
    inputs: list[
        dict[tuple[int, int], int]
    ] = []  # what each unit reads: (writer, its channel) to the paper's
    for unit in range(1, units):
        inputs.append({channel: place for place, channel in enumerate(channels[half:])})
        channels = _interleave(channels[:half], [(unit + 1, place) for place in range(half)])
    inputs.append({channel: place for place, channel in enumerate(channels)})
    writers = tuple(_writer(number, half, inputs) for number in range(units + 1))
    reads = []
    for unit, place_of in enumerate(inputs, start=1):
        read: list[int] = []
        for number, writer in enumerate(writers):
            read += [place_of[number, int(channel)] for channel in writer.group(unit)]
        reads.append(np.array(read, np.int64))
    return Shuffle(writers, tuple(reads))


def _interleave(passed: list[tuple[int, int]], convolved: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [channel for pair in zip(passed, convolved, strict=True) for channel in pair]


def _writer(number: int, half: int, inputs: list[dict[tuple[int, int], int]]) -> Writer:
    """The layout of a writer's channels: by the unit that takes them up, and within that as the paper has them."""
    readers = [
        next(unit for unit, place_of in enumerate(inputs, start=1) if (number, channel) in place_of)
        for channel in range(half)
    ]
    order = np.argsort(readers, kind="stable")
    groups = tuple((unit, readers.count(unit)) for unit in sorted(set(readers)))
    return Writer(order, groups)
