"""A semantic network behind the `PixelClassifier` contract: frames in, class maps out."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from pipeline.model.frames import check_frames, input_size
from pipeline.model.preprocess import resize
from pipeline.model.program import Program, compile_program
from pipeline.model.semantic.semantic_network import SemanticNetwork
from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import PixelClasses

#: Frame sizes whose programs are kept.
_SIZES = 2


class SemanticPredictor:
    """Runs a network on frames of any size, one at a time; callers of several threads take turns.

    runtime : what computes it, told to whoever asks.
    """

    def __init__(self, model: SemanticNetwork, jit: bool | None = None, runtime: str = "keras") -> None:
        self.model, self.runtime = model, runtime
        self._lock = Lock()

        @lru_cache(maxsize=_SIZES)
        def program(height: int, width: int) -> Program:
            return compile_program(model, (1, height, width), jit)

        self._program = program

    @property
    def classes(self) -> PixelClasses:
        """The classes that the numbers of a class map stand for."""
        return self.model.config.classes

    def input_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px that it takes a frame of this size in."""
        return input_size(self.model.config.input, width, height, sample_aspect)

    def classify(self, frames: NDArray[np.uint8], size: tuple[int, int] | None = None) -> list[ClassMap]:
        """Class map of each frame of uint8 RGB [B, H, W, 3], of `size` (height, width); None: of the frame's own.

        Probabilities are enlarged and then compared, so that borders between classes have no steps.
        """
        check_frames(frames)
        size = size or (frames.shape[1], frames.shape[2])
        return [_most_likely(self._probabilities(frame[None]), size) for frame in frames]

    def _probabilities(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        with self._lock:
            program = self._program(frames.shape[1], frames.shape[2])
            return program(frames)["probabilities"][0].astype(np.float32)


def _most_likely(probabilities: NDArray[np.float32], size: tuple[int, int]) -> ClassMap:
    """The class map of `size`. One class is enlarged at a time: of a large picture, all of them are gigabytes."""
    best = np.full(size, -1.0, np.float32)
    labels = np.zeros(size, np.uint8)
    for number in range(probabilities.shape[2]):
        plane = resize(probabilities[None, ..., number : number + 1], size)[0, ..., 0]
        better = plane > best
        best[better], labels[better] = plane[better], number
    return labels
