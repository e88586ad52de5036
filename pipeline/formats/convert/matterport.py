"""matterport's Mask_RCNN: where each variable lies in `mask_rcnn_coco.h5`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.formats.account import BLOCK_UNIT, Rule

_NORM = ("gamma", "beta", "moving_mean", "moving_variance")

_PATTERNS = (
    (re.compile(r"fpn/lateral(\d)"), r"fpn_c\1p\1"),
    (re.compile(r"fpn/output(\d)"), r"fpn_p\1"),
)
_SINGLE = {
    "rpn/conv0": "rpn_conv_shared",
    "rpn/objectness": "rpn_class_raw",
    "rpn/offsets": "rpn_bbox_pred",
    "box_head/class_logits": "mrcnn_class_logits",
    "box_head/offsets": "mrcnn_bbox_fc",
    "mask_head/upsample": "mrcnn_mask_deconv",
    "mask_head/logits": "mrcnn_mask",
}
_HEAD = re.compile(r"(box_head/dense|mask_head/conv)(\d)")


def rules(variables: Mapping[str, tuple[int, ...]]) -> dict[str, Rule]:
    """For each model variable (shapes by path), the tensor it comes from and how its axes are brought into order."""
    found = {}
    for path, shape in variables.items():
        unit, leaf = path.rsplit("/", 1)
        product, norm = _source_unit(unit)
        if leaf in _NORM:
            found[path] = Rule(f"{norm}/{leaf}")
        elif unit.endswith("/offsets"):
            found[path] = Rule(f"{product}/{leaf}", _offsets_x_first)
        else:
            found[path] = Rule(f"{product}/{leaf}", _transform(unit, leaf, shape))
    return found


def _source_unit(unit: str) -> tuple[str, str]:
    """Layer names of a unit's product and of its norm."""
    if unit == "backbone/stem":
        return "conv1", "bn_conv1"
    if block := BLOCK_UNIT.fullmatch(unit):
        branch = "1" if block[3] is None else "2" + "abc"[int(block[3]) - 1]
        name = f"{block[1]}{chr(ord('a') + int(block[2]))}_branch{branch}"
        return f"res{name}", f"bn{name}"
    if head := _HEAD.fullmatch(unit):
        kind = "mrcnn_class" if head[1].startswith("box") else "mrcnn_mask"
        return f"{kind}_conv{int(head[2]) + 1}", f"{kind}_bn{int(head[2]) + 1}"
    for pattern, replacement in _PATTERNS:
        if pattern.fullmatch(unit):
            return pattern.sub(replacement, unit), ""
    return _SINGLE[unit], ""


def _transform(unit: str, leaf: str, shape: tuple[int, ...]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    if leaf == "kernel" and unit == "mask_head/upsample":  # [2, 2, out, in]
        return lambda w: w.transpose(0, 1, 3, 2)
    # Its dense layers are convolutions over the whole region: [pool, pool, C, out], our flattened order.
    return lambda w: w.reshape(shape) if w.size == int(np.prod(shape)) else w


def _offsets_x_first(value: NDArray[Any]) -> NDArray[Any]:
    """Offsets are (dy, dx, log dh, log dw) there and (dx, dy, dw, dh) here; they lie on the last axis."""
    boxes = value.reshape(*value.shape[:-1], -1, 4)
    return boxes[..., [1, 0, 3, 2]].reshape(value.shape)
