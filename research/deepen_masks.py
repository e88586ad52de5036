"""The mask head of a network made ready to learn more: separable, one convolution deeper, and looking at the picture.

    python -m research.deepen_masks WEIGHTS.safetensors OUT.safetensors

Its 3x3 convolutions become the nearest depthwise-separable ones; the new one behind them changes nothing, and neither
do the pixels, before `research.train_masks` has trained the result.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError, SegVideoError
from pipeline.formats.own_file import load_weights, save_weights
from pipeline.model.mask_rcnn import make_model
from pipeline.model.presets import compact_shufflenet
from pipeline.networks.checkpoint import variables_of
from pipeline.networks.checkpoint_config import own_config

Array = NDArray[Any]


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="WEIGHTS.safetensors")
    parser.add_argument("output", type=Path, metavar="OUT.safetensors")
    arguments = parser.parse_args()
    try:
        deepen(arguments.source, arguments.output)
    except SegVideoError as error:
        sys.exit(str(error))


def deepen(source: Path, output: Path) -> None:
    """Write the network of `source` with the mask head of `compact_shufflenet`. Raises WeightsError, ConfigError."""
    arrays, metadata = load_weights(source)
    before = own_config(source, metadata)
    head = compact_shufflenet().mask_head
    if before.mask_head != replace(head, convs=head.convs - 1, depth_multiplier=0, detail=0):
        raise ConfigError(f"The mask head of {source} is not one of two dense convolutions.")
    config = replace(before, mask_head=head)
    for place in range(before.mask_head.convs):
        kernel = arrays.pop(f"mask_head/conv{place}/kernel")
        bias = arrays.pop(f"mask_head/conv{place}/bias")
        _put(arrays, place, *nearest(kernel, head.depth_multiplier), bias)
    _put(
        arrays,
        before.mask_head.convs,
        *neutral(head.channels, head.depth_multiplier),
        np.zeros(head.channels),
    )
    keras.utils.set_random_seed(0)
    fresh = variables_of(make_model(config))
    arrays |= {name: np.asarray(value) for name, value in fresh.items() if name not in arrays}
    narrow = {name: array.astype(np.float16) for name, array in arrays.items()}
    save_weights(output, narrow, {**metadata, "config": config.to_json()})


def nearest(kernel: Array, filters: int) -> tuple[Array, Array]:
    """Filters [F, 3, 3, C] and products [F, C, O] whose dense kernel comes nearest to [3, 3, C, O]."""
    flat = np.transpose(kernel.astype(np.float64), (2, 0, 1, 3)).reshape(kernel.shape[2], 9, -1)
    within, sizes, across = np.linalg.svd(flat, full_matrices=False)
    root = np.sqrt(sizes[:, :filters])
    within, across = within[:, :, :filters] * root[:, None], across[:, :filters] * root[:, :, None]
    return np.transpose(within, (2, 1, 0)).reshape(filters, 3, 3, -1), np.transpose(across, (1, 0, 2))


def neutral(channels: int, filters: int) -> tuple[Array, Array]:
    """Filters and products as of `nearest` that give back what they are given; filters behind the first do nothing."""
    within = np.random.default_rng(0).normal(0.0, 0.3, (filters, 3, 3, channels))
    within[0] = 0.0
    within[0, 1, 1] = 1.0
    across = np.zeros((filters, channels, channels))
    across[0] = np.eye(channels)
    return within, across


def _put(arrays: dict[str, Array], place: int, within: Array, across: Array, bias: Array) -> None:
    name = f"mask_head/conv{place}"
    for number, one in enumerate(within):
        arrays[f"{name}/depthwise{number}/kernel"] = one
    arrays[f"{name}/pointwise/kernel"] = across.reshape(1, 1, -1, across.shape[-1])
    arrays[f"{name}/pointwise/bias"] = bias


if __name__ == "__main__":
    main()
