"""The teacher of classes of pixels: a DeepLab that was trained on Cityscapes (google-coral/test_data, Apache-2.0).

It has cells of 16 px of its 513: what is thin it does not tell, and how sure it is says where it is to be believed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError
from research.yolo_teacher import square_windows

#: CamVid's number of each of its classes, Cityscapes' training numbers: road, sidewalk, building, wall, fence, pole,
#: traffic light, traffic sign, vegetation, terrain, sky, person, rider, car, truck, bus, train, motorcycle, bicycle.
CAMVID = np.array([3, 4, 1, 1, 7, 2, 6, 6, 5, 5, 0, 9, 10, 8, 8, 8, 8, 10, 10])
_CLASSES = int(CAMVID.max()) + 1


class PixelTeacher:
    """Shares of CamVid's classes; needs ai-edge-litert, of the extra `teachers`.

    Raises WeightsError where the file is no such network.
    """

    def __init__(self, path: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        try:
            # Its output is the best class alone. The logits before that are kept too, but where a delegate computes.
            self._network: Any = Interpreter(
                str(path),
                num_threads=1,
                experimental_preserve_all_tensors=True,
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
            self._network.allocate_tensors()
            (given,) = self._network.get_input_details()
            (logits,) = (
                one
                for one in self._network.get_tensor_details()
                if one["shape"].size == 4
                and one["shape"][-1] == CAMVID.size
                and one["name"].startswith("logits/")
            )
        except (ValueError, RuntimeError) as damage:
            raise WeightsError(
                f"{path} cannot be used as a teacher of pixels.", found=repr(damage)
            ) from damage
        self._input, self._side, self._logits = given["index"], int(given["shape"][1]), logits["index"]
        self._scale, self._zero = logits["quantization"]

    def __call__(self, frame: NDArray[np.uint8]) -> NDArray[np.float32]:
        """How sure it is of each class at each pixel of a frame uint8 RGB [H, W, 3]: float32 [H, W, 11], sums of 1.

        The mean over squares of the frame's height that cover it, each seen as it is and mirrored.
        """
        height, width = frame.shape[:2]
        side = min(height, width)
        total = np.zeros((height, width, _CLASSES), np.float32)
        for top in square_windows(width, height) if height > width else [0]:
            for left in square_windows(height, width) if width > height else [0]:
                part = frame[top : top + side, left : left + side]
                seen = self._look(part) + self._look(part[:, ::-1])[:, ::-1]
                total[top : top + side, left : left + side] += cv2.resize(seen, (side, side))
        return total / total.sum(axis=-1, keepdims=True)

    def _look(self, square: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The shares at its own cells, float32 [33, 33, 11]."""
        canvas = cv2.resize(square, (self._side, self._side), interpolation=cv2.INTER_AREA)
        self._network.set_tensor(self._input, canvas[None])
        self._network.invoke()
        logits = (self._network.get_tensor(self._logits)[0].astype(np.float32) - self._zero) * self._scale
        shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        return np.stack([shares[..., number == CAMVID].sum(axis=-1) for number in range(_CLASSES)], axis=-1)
