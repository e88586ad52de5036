"""The dense 3x3 convolutions of a network's pyramid and RPN as depthwise-separable ones that compute nearly the same.

    python -m research.separate DENSE.safetensors OUT.safetensors DATA [--held-out LIST] [--pictures 300]

A depthwise-separable convolution is a dense one whose kernel has a low rank for each input channel. Which one comes
nearest is asked of what flows through the network on pictures of the labelled folder DATA (their labels are not read):
neighbouring cells are much alike, so that far less is lost than the kernels themselves would say. With the moments of
3x3 patches and outputs at hand the filters for given products, and the products for given filters, are each the
solution of linear equations, and the two are solved in turn. Train the result on with `research.distil`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError, SegVideoError
from pipeline.formats.own_file import load_weights, save_weights
from pipeline.labels.choose import read_list
from pipeline.labels.coco_folder import read_entries
from pipeline.model.config import InputConfig
from pipeline.model.geometry import fit
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.preprocess import preprocess_into
from pipeline.model.presets import compact_shufflenet
from pipeline.networks.checkpoint import load_checkpoint

Array = NDArray[np.float64]

#: Cells of a picture that count, over all levels of a layer; so many rounds of the two systems of equations.
_CELLS, _ROUNDS = 480, 20
#: Added to a system's diagonal, as a share of its mean.
_RIDGE = 1e-5


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dense", type=Path, metavar="DENSE.safetensors")
    parser.add_argument("output", type=Path, metavar="OUT.safetensors")
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--held-out", type=Path, metavar="LIST", help="names of pictures not to look at")
    parser.add_argument("--pictures", type=int, default=300)
    arguments = parser.parse_args()
    try:
        held_out = frozenset() if arguments.held_out is None else read_list(arguments.held_out)
        files = [one.file for one in read_entries(arguments.data)[0] if one.file.name not in held_out]
        chosen = np.random.default_rng(0).permutation(len(files))[: arguments.pictures]
        separate(arguments.dense, arguments.output, [files[place] for place in chosen])
    except SegVideoError as error:
        sys.exit(str(error))


def separate(dense: Path, output: Path, pictures: list[Path]) -> None:
    """Write the network of `dense` with the depth multiplier of `compact_shufflenet`, and tell how near each layer is.

    Raises WeightsError, ConfigError.
    """
    arrays, metadata = load_weights(dense)
    model = load_checkpoint(dense)
    config, multiplier = model.config, compact_shufflenet().fpn.depth_multiplier
    if config.fpn.depth_multiplier or config.rpn.convs != 1:
        raise ConfigError(f"{dense} has no dense 3x3 convolutions to replace.")
    moments = observed(model, pictures)
    for layer, seen in moments.items():
        filters, products, bias, missed = seen.fitted(multiplier)
        sys.stdout.write(f"{layer}: {missed:.4f} of the outputs' variance is missed\n")
        kernel = arrays.pop(f"{layer}/kernel")
        leaves = [name for name in arrays if name.startswith(f"{layer}/")]
        for name in leaves:
            arrays[name.replace(layer, f"{layer}/pointwise")] = arrays.pop(name)
        _set_pointwise(arrays, f"{layer}/pointwise", products, bias, config.fpn.norm_epsilon)
        for place, one in enumerate(filters):
            arrays[f"{layer}/depthwise{place}/kernel"] = one.reshape(3, 3, kernel.shape[2])
    config = replace(config, fpn=replace(config.fpn, depth_multiplier=multiplier))
    narrow = {name: array.astype(np.float16) for name, array in arrays.items()}
    save_weights(output, narrow, {**metadata, "config": config.to_json()})


class Moments:
    """First and second moments of 3x3 patches [N, 9 C] and of the outputs [N, O] that a dense convolution gives."""

    def __init__(self) -> None:
        self.cells = 0
        self.patches: Any = 0.0
        self.outputs: Any = 0.0
        self.inner: Any = 0.0
        self.cross: Any = 0.0
        self.squares: Any = 0.0

    def add(self, patches: Array, outputs: Array) -> None:
        """Count more cells."""
        self.cells += len(patches)
        self.patches += patches.sum(axis=0)
        self.outputs += outputs.sum(axis=0)
        self.inner += patches.T @ patches
        self.cross += patches.T @ outputs
        self.squares += np.square(outputs).sum(axis=0)

    def fitted(self, rank: int) -> tuple[Array, Array, Array, float]:
        """Filters [rank, 9, C], products [rank x C, O], bias [O], and the share of the outputs' variance missed."""
        mean, out = self.patches / self.cells, self.outputs / self.cells
        inner = self.inner / self.cells - np.outer(mean, mean)
        variance = self.squares / self.cells - np.square(out) + 1e-12
        # Each output counts alike, whatever its scale.
        cross = (self.cross / self.cells - np.outer(mean, out)) / np.sqrt(variance)
        filters, products = low_rank(inner, cross, rank)
        dense = np.einsum("rkc,rco->kco", filters, products).reshape(cross.shape)
        missed = 1.0 - 2.0 * np.sum(dense * cross, axis=0) + np.sum(dense * (inner @ dense), axis=0)
        dense, products = dense * np.sqrt(variance), products * np.sqrt(variance)
        return filters, products.reshape(-1, cross.shape[1]), out - mean @ dense, float(missed.mean())


def low_rank(inner: Array, cross: Array, rank: int) -> tuple[Array, Array]:
    """Filters [rank, 9, C] and products [rank, C, O] that come nearest to outputs of unit variance.

    inner, cross : covariances of patches [9 C, 9 C], and of patches and outputs [9 C, O].
    """
    channels, outputs = len(inner) // 9, cross.shape[1]
    kernel = solved(inner, cross).reshape(9, channels, outputs)
    # A dense kernel's best filters a channel are where the turns begin.
    filters = np.stack(
        [np.linalg.svd(kernel[:, c], full_matrices=False)[0][:, :rank] for c in range(channels)]
    )
    filters = np.transpose(filters, (2, 1, 0))
    inner, cross = inner.reshape(9, channels, 9, channels), cross.reshape(9, channels, outputs)
    for turn in range(_ROUNDS):
        half = np.einsum("rkc,kcle->rcle", filters, inner, optimize=True)
        system = np.einsum("rcle,sle->rcse", half, filters, optimize=True).reshape((rank * channels,) * 2)
        right = np.einsum("rkc,kco->rco", filters, cross, optimize=True).reshape(rank * channels, outputs)
        products = solved(system, right).reshape(rank, channels, outputs)
        if turn == _ROUNDS - 1:
            break
        gram = np.einsum("rco,seo->rcse", products, products, optimize=True)
        system = np.einsum("kcle,rcse->rkcsle", inner, gram, optimize=True).reshape(
            (rank * 9 * channels,) * 2
        )
        right = np.einsum("rco,kco->rkc", products, cross, optimize=True).reshape(-1)
        filters = solved(system, right).reshape(rank, 9, channels)
        filters /= np.linalg.norm(filters, axis=1, keepdims=True) + 1e-12
    return filters, products


def observed(model: MaskRCNN, pictures: list[Path]) -> dict[str, Moments]:
    """Moments of each 3x3 convolution of the pyramid, and of the RPN's over all levels, on these pictures."""
    random, levels = np.random.default_rng(0), model.config.fpn.pooled_levels
    moments = {**{f"fpn/output{level}": Moments() for level in levels}, "rpn/conv0": Moments()}
    for image in canvases(pictures, model.config.input):
        merged, pyramid, hidden = (
            [np.asarray(level)[0].astype(np.float64) for level in part]
            for part in _dense_layers(model, image)
        )
        for level, inside, outside in zip(levels, merged, pyramid, strict=False):
            _count(moments[f"fpn/output{level}"], inside, outside, _CELLS // 2, random)
        for inside, outside in zip(pyramid, hidden, strict=True):
            _count(moments["rpn/conv0"], inside, outside, _CELLS // len(hidden), random)
    return moments


def _dense_layers(model: MaskRCNN, image: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """What goes into the pyramid's 3x3 convolutions, what comes out, and what the RPN's gives before its activation."""
    trunk = model.backbone(image)
    merged, pyramid = model.fpn.merged(trunk), model.fpn(trunk)
    conv = model.rpn.convs[0]
    return merged, pyramid, [conv.product(level, conv.kernel) + conv.bias for level in pyramid]


def canvases(pictures: list[Path], taken: InputConfig) -> Iterator[NDArray[np.float32]]:
    """Each picture as a network of that input sees it, float32 [1, H, W, 3]."""
    for file in pictures:
        pixels = cv2.imread(str(file), cv2.IMREAD_COLOR)
        assert pixels is not None, f"{file} cannot be read"
        geometry = fit(pixels.shape[0], pixels.shape[1], taken)
        canvas = np.zeros((*geometry.canvas, 3), np.float32)
        preprocess_into(canvas, cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), geometry, taken)
        yield canvas[None]


def _count(moments: Moments, inside: Array, outside: Array, cells: int, random: np.random.Generator) -> None:
    """Add cells [H, W] of a level, drawn at random, with the 3x3 of `inside` around each."""
    rows, columns = (random.integers(0, side, min(cells, outside[..., 0].size)) for side in outside.shape[:2])
    padded, places = np.pad(inside, ((1, 1), (1, 1), (0, 0))), zip(rows, columns, strict=True)
    patches = [padded[row : row + 3, column : column + 3].reshape(-1) for row, column in places]
    moments.add(np.stack(patches), outside[rows, columns])


def _set_pointwise(arrays: dict[str, Any], name: str, products: Array, bias: Array, epsilon: float) -> None:
    """Kernel and bias; under a norm, which keeps its scale, the kernel is divided by it and the mean takes the bias."""
    if f"{name}/gamma" in arrays:
        scale = arrays[f"{name}/gamma"] / np.sqrt(arrays[f"{name}/moving_variance"] + epsilon)
        arrays[f"{name}/moving_mean"] = (arrays[f"{name}/beta"] - bias) / scale
        products = products / scale
    else:
        arrays[f"{name}/bias"] = bias
    arrays[f"{name}/kernel"] = products[None, None]


def solved(system: Array, right: Array) -> Array:
    """X of `system` X = `right`, held small where the system hardly knows."""
    return np.linalg.solve(system + _RIDGE * np.trace(system) / len(system) * np.eye(len(system)), right)


if __name__ == "__main__":
    main()
