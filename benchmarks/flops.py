"""Cost of a frame: floating point operations of every convolution and dense product, a multiply-add being two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from math import prod
from typing import Any
from unittest.mock import patch

import keras

from pipeline.model.layers.units import Conv, Deconv2x2, Dense
from pipeline.model.mask_rcnn import MaskRCNN


def frame_gflop(model: MaskRCNN, height: int, width: int) -> float:
    """GFLOP of one frame of that size, from the shapes of a symbolic pass; mask logits and sampling are left out."""
    with _counting() as counts:
        model(keras.KerasTensor((1, height, width, 3), dtype="uint8"))
    # The symbolic pass may trace the network more than once; each pass calls every product once.
    passes = counts.count("stem")
    return sum(count for count in counts if not isinstance(count, str)) / passes / 1e9


@contextmanager
def _counting() -> Iterator[list[Any]]:
    """A list that fills up with the operations of every product while the context lasts."""
    counts: list[Any] = []

    def counted(product: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(unit: Any, inputs: Any, kernel: Any) -> Any:
            outputs = product(unit, inputs, kernel)
            if unit.name == "stem":
                counts.append("stem")
            taps = kernel.shape if isinstance(unit, Dense) else kernel.shape[:-1]
            if isinstance(unit, Deconv2x2):
                counts.append(2 * prod(outputs.shape) * kernel.shape[2])
            elif isinstance(unit, Dense):
                counts.append(2 * prod(outputs.shape) * taps[0])
            else:
                counts.append(2 * prod(outputs.shape) * prod(taps[:2] if unit.depthwise else taps))
            return outputs

        return wrapper

    with ExitStack() as stack:
        for kind in (Conv, Dense, Deconv2x2):
            stack.enter_context(patch.object(kind, "product", counted(kind.product)))
        yield counts
