"""Pyramid and heads of a trained network on another trunk, read through laterals that come nearest to its own.

    python -m research.graft TRAINED.safetensors compact_esnet TRUNK.safetensors OUT.safetensors DATA \
        [--held-out LIST] [--pictures 400]

A pyramid reads its trunk through 1x1 convolutions, and which linear map of another trunk's features comes nearest to
what they give follows from linear equations, asked of what flows through both on pictures of the labelled folder DATA
(their labels are not read). What a trunk sees otherwise is lost: train the result on with `research.distil`.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError, SegVideoError
from pipeline.formats.own_file import load_weights, save_weights
from pipeline.labels.choose import read_list
from pipeline.labels.coco_folder import read_entries
from pipeline.model.mask_rcnn import MaskRCNN, make_model
from pipeline.model.presets import NETWORKS
from pipeline.networks.checkpoint import load_checkpoint, variables_of
from pipeline.training.start import load_start
from research.separate import canvases, solved
from research.trunks.presets import register_trunks

Array = NDArray[np.float64]

#: Cells of a picture that count, of each level.
_CELLS = 400


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trained", type=Path, metavar="TRAINED.safetensors")
    parser.add_argument("network", metavar="NETWORK", help="the preset whose trunk is taken")
    parser.add_argument("trunk", type=Path, metavar="TRUNK.safetensors", help="of research.start_from")
    parser.add_argument("output", type=Path, metavar="OUT.safetensors")
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--held-out", type=Path, metavar="LIST", help="names of pictures not to look at")
    parser.add_argument("--pictures", type=int, default=400)
    arguments = parser.parse_args()
    register_trunks()
    try:
        held_out = frozenset() if arguments.held_out is None else read_list(arguments.held_out)
        files = [one.file for one in read_entries(arguments.data)[0] if one.file.name not in held_out]
        chosen = np.random.default_rng(0).permutation(len(files))[: arguments.pictures]
        graft(
            arguments.trained,
            arguments.network,
            arguments.trunk,
            arguments.output,
            [files[place] for place in chosen],
        )
    except SegVideoError as error:
        sys.exit(str(error))


def graft(trained: Path, network: str, trunk: Path, output: Path, pictures: list[Path]) -> None:
    """Write the network of `trained` on the trunk of the preset `network`, whose weights `trunk` has.

    Raises WeightsError, and ConfigError where there is no such preset, it sees pictures otherwise, or the file is of
    another trunk.
    """
    if network not in NETWORKS:
        raise ConfigError(f"There is no network {network!r}.", found=f"one of {', '.join(NETWORKS)}")
    source = load_checkpoint(trained)
    preset = NETWORKS[network](canvas=source.config.input.canvas)
    if preset.input != source.config.input:
        raise ConfigError(
            f"{network} sees pictures otherwise than {trained} does.",
            found=f"{preset.input} and {source.config.input}",
            do="take a trunk of the same mean and deviation",
        )
    config = replace(source.config, backbone=preset.backbone)
    model = make_model(config)
    if fresh := [name for name in load_start(model, trunk).fresh if name.startswith("backbone/")]:
        raise ConfigError(f"{trunk} is not the trunk of {network}.", found=f"no {', '.join(fresh[:3])}")
    arrays, metadata = load_weights(trained)
    arrays = {name: array for name, array in arrays.items() if not name.startswith("backbone/")}
    arrays |= {
        name: np.asarray(value) for name, value in variables_of(model).items() if name.startswith("backbone/")
    }
    for layer, (inside, outside) in _observed(model, source, pictures).items():
        kernel, bias, missed = nearest(inside, outside)
        sys.stdout.write(f"{layer}: {missed:.3f} of the outputs' variance is missed\n")
        _set_lateral(arrays, layer, kernel, bias, config.fpn.norm_epsilon)
    narrow = {name: array.astype(np.float16) for name, array in arrays.items()}
    save_weights(output, narrow, {**metadata, "config": config.to_json()})


def nearest(inside: Array, outside: Array) -> tuple[Array, Array, float]:
    """Kernel [C, O] and bias [O] that come nearest to outputs [N, O] of inputs [N, C], and the variance missed."""
    mean, out = inside.mean(axis=0), outside.mean(axis=0)
    inputs, wanted = inside - mean, outside - out
    kernel = solved(inputs.T @ inputs / len(inputs), inputs.T @ wanted / len(inputs))
    missed = np.square(wanted - inputs @ kernel).mean(axis=0) / (np.square(wanted).mean(axis=0) + 1e-12)
    return kernel, out - mean @ kernel, float(missed.mean())


def _observed(model: MaskRCNN, source: MaskRCNN, pictures: list[Path]) -> dict[str, tuple[Array, Array]]:
    """Of each lateral some cells of what the new trunk gives, in the kernel's order of channels, and what is wanted."""
    random, first = np.random.default_rng(0), source.config.fpn.min_level
    seen: dict[str, tuple[list[Any], list[Any]]] = {}
    for image in canvases(pictures, source.config.input):
        before, now = source.backbone(image)[first - 2 :], model.backbone(image)[first - 2 :]
        orders = model.backbone.channel_orders[first - 2 :]
        for place, (one, other, order) in enumerate(zip(before, now, orders, strict=True)):
            wanted = np.asarray(source.fpn.lateral[place](one))[0]
            given = np.asarray(other)[0]
            given = given if order is None else given[..., np.argsort(order)]
            rows, columns = (random.integers(0, side, _CELLS) for side in wanted.shape[:2])
            inside, outside = seen.setdefault(f"fpn/lateral{first + place}", ([], []))
            inside.append(given[rows, columns])
            outside.append(wanted[rows, columns])
    return {
        layer: (np.concatenate(inside).astype(np.float64), np.concatenate(outside).astype(np.float64))
        for layer, (inside, outside) in seen.items()
    }


def _set_lateral(
    arrays: dict[str, NDArray[Any]], layer: str, kernel: Array, bias: Array, epsilon: float
) -> None:
    """Kernel and bias under the norm, which keeps its scale."""
    scale = arrays[f"{layer}/gamma"] / np.sqrt(arrays[f"{layer}/moving_variance"] + epsilon)
    arrays[f"{layer}/kernel"] = (kernel / scale)[None, None]
    arrays[f"{layer}/moving_mean"] = (arrays[f"{layer}/beta"] - bias) / scale


if __name__ == "__main__":
    main()
