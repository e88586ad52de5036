"""Bilinear enlargement by a whole factor, on any backend."""

from __future__ import annotations

from typing import Any

from keras import ops


def enlarged(features: Any, factor: int) -> Any:
    """Features [B, H, W, C] at [B, factor H, factor W, C], pixel centres aligned."""
    size = (int(features.shape[1]) * factor, int(features.shape[2]) * factor)
    return ops.image.resize(features, size, interpolation="bilinear", data_format="channels_last")
