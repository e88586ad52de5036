"""torchvision's maskrcnn_resnet50_fpn and maskrcnn_resnet50_fpn_v2: where each variable lies in the state dict."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.formats.account import BLOCK_UNIT, Rule

Value = TypeVar("Value")

#: Tensors that count training steps; nothing computes with them.
IGNORED = {r"\.num_batches_tracked$": "counts training steps, nothing computes with it"}

_NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}

#: Names in files saved before torchvision 0.13, the published v1 weights among them, and what they are called now.
_RENAMED: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"^(backbone\.fpn\.(?:inner|layer)_blocks\.\d)\.(weight|bias)$", r"\1.0.\2"),
    (r"^rpn\.head\.conv\.(weight|bias)$", r"rpn.head.conv.0.0.\1"),
    (r"^roi_heads\.mask_head\.mask_fcn(\d)\.", lambda found: f"roi_heads.mask_head.{int(found[1]) - 1}.0."),
)

_NUMBERED = re.compile(r"(fpn/lateral|fpn/output|rpn/conv|box_head/conv|mask_head/conv)(\d)")
_NUMBERED_HOMES = {
    "fpn/lateral": ("backbone.fpn.inner_blocks", -2),
    "fpn/output": ("backbone.fpn.layer_blocks", -2),
    "rpn/conv": ("rpn.head.conv", 0),
    "box_head/conv": ("roi_heads.box_head", 0),
    "mask_head/conv": ("roi_heads.mask_head", 0),
}
_SINGLE = {
    "rpn/objectness": "rpn.head.cls_logits",
    "rpn/offsets": "rpn.head.bbox_pred",
    "box_head/dense1": "roi_heads.box_head.fc7",
    "box_head/class_logits": "roi_heads.box_predictor.cls_score",
    "box_head/offsets": "roi_heads.box_predictor.bbox_pred",
    "mask_head/upsample": "roi_heads.mask_predictor.conv5_mask",
    "mask_head/logits": "roi_heads.mask_predictor.mask_fcn_logits",
}


def modern_names(state: Mapping[str, Value]) -> dict[str, Value]:
    """The state dict under the names that torchvision uses since 0.13."""
    renamed = {}
    for name, value in state.items():
        for old, new in _RENAMED:
            name = re.sub(old, new, name)
        renamed[name] = value
    return renamed


def rules(variables: Mapping[str, tuple[int, ...]], pool: int) -> dict[str, Rule]:
    """For each model variable, the tensor it comes from and how that is brought into our order of axes.

    variables : path -> shape of the model's variables. pool : side of the box head's regions.
    """
    box_convs = sum(path.startswith("box_head/conv") and path.endswith("/kernel") for path in variables)
    # v2's box head is one Sequential: its convolutions, a flatten, the dense layer.
    first_dense = f"roi_heads.box_head.{box_convs + 1}" if box_convs else "roi_heads.box_head.fc6"
    found = {}
    for path, shape in variables.items():
        unit, leaf = path.rsplit("/", 1)
        product, norm = (first_dense, "") if unit == "box_head/dense0" else _source_unit(unit)
        if leaf in _NORM:
            found[path] = Rule(f"{norm}.{_NORM[leaf]}")
        elif leaf == "bias":
            found[path] = Rule(f"{product}.bias")
        else:
            found[path] = Rule(f"{product}.weight", _kernel_transform(unit, len(shape), pool))
    return found


def _source_unit(unit: str) -> tuple[str, str]:
    """Names of a unit's product and of its norm in the state dict."""
    if unit == "backbone/stem":
        return "backbone.body.conv1", "backbone.body.bn1"
    if block := BLOCK_UNIT.fullmatch(unit):
        base = f"backbone.body.layer{int(block[1]) - 1}.{block[2]}"
        if block[3] is None:
            return f"{base}.downsample.0", f"{base}.downsample.1"
        return f"{base}.conv{block[3]}", f"{base}.bn{block[3]}"
    if numbered := _NUMBERED.fullmatch(unit):
        home, shift = _NUMBERED_HOMES[numbered[1]]
        base = f"{home}.{int(numbered[2]) + shift}"
        return f"{base}.0", f"{base}.1"
    return _SINGLE[unit], ""


def _kernel_transform(unit: str, rank: int, pool: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
    if unit == "box_head/dense0":
        # Its input is flattened [C, pool, pool] there and [pool, pool, C] here.
        return lambda w: w.reshape(w.shape[0], -1, pool, pool).transpose(2, 3, 1, 0).reshape(-1, w.shape[0])
    if unit == "mask_head/upsample":  # [in, out, 2, 2]
        return lambda w: w.transpose(2, 3, 0, 1)
    if unit == "mask_head/logits":  # [classes, C, 1, 1]
        return lambda w: w[:, :, 0, 0].T
    if rank == 4:  # [out, in, height, width]
        return lambda w: w.transpose(2, 3, 1, 0)
    return np.transpose
