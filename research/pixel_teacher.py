"""The pixel teacher: DeepLab, trained on Cityscapes, says what each pixel of a frame shows."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError
from research.box_teacher import square_windows

#: The classes of Cityscapes that a pixel of each category may be; a rider is a person.
PIXELS = {1: (11, 12), 2: (18,), 3: (13,), 4: (17,), 6: (15,), 8: (14,), 10: (6,), 13: (7,)}


class PixelTeacher:
    """Class maps of frames.

    Parameters
    ----------
    path : deeplab_mobilenet_edgetpu_slim_cityscapes_quant.tflite.

    Raises WeightsError where the file cannot be used.

    """

    def __init__(self, path: Path) -> None:
        import tensorflow as tf

        try:
            with warnings.catch_warnings():
                # It announces its successor, which is a package of its own.
                warnings.filterwarnings("ignore", message=r"(?s).*tf\.lite\.Interpreter is deprecated")
                self._network: Any = tf.lite.Interpreter(str(path), num_threads=2)
            self._network.allocate_tensors()
            (given,), (made,) = self._network.get_input_details(), self._network.get_output_details()
        except (ValueError, RuntimeError) as damage:
            raise WeightsError(f"{path} cannot be used as a pixel teacher", found=str(damage)) from damage
        self._input, self._output, self._side = given["index"], made["index"], int(given["shape"][1])

    def __call__(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Class ids uint8 [H, W] of a frame uint8 RGB [H, W, 3], which is looked at in squares."""
        height, width = frame.shape[:2]
        if width <= height:
            return self._look(frame)
        lefts = square_windows(height, width)
        # A pixel is believed of the square whose middle is nearest.
        columns = np.arange(width)
        nearest = np.abs(columns[:, None] - (np.array(lefts) + height / 2)).argmin(axis=1)
        classes = np.zeros((height, width), np.uint8)
        for place, left in enumerate(lefts):
            own = columns[nearest == place]
            classes[:, own] = self._look(frame[:, left : left + height])[:, own - left]
        return classes

    def _look(self, part: NDArray[np.uint8]) -> NDArray[np.uint8]:
        shrinks = max(part.shape[:2]) > self._side
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        shown = cv2.resize(part, (self._side, self._side), interpolation=how).astype(np.uint8)
        self._network.set_tensor(self._input, shown[None])
        self._network.invoke()
        classes = self._network.get_tensor(self._output)[0].astype(np.uint8)
        size = (part.shape[1], part.shape[0])
        return cv2.resize(classes, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8)
