"""A kind of network for tests: it finds the whole frame, as a car, and needs no weights but a number."""

import numpy as np

from pipeline.structures.detections import Detections


def class_names(source):
    return {3: "car"}


def runtime(source, settings):
    return f"squares {source.path().read_text()}"


def load(source, settings):
    return Squares(runtime(source, settings), settings.score or 0.5)


class Squares:
    batch = callers = 1

    def __init__(self, runtime, score):
        self.runtime, self.score, self.class_names = runtime, score, {3: "car"}

    def input_size(self, width, height, sample_aspect):
        return width, height

    def segment(self, frames):
        height, width = frames.shape[1:3]
        return [
            Detections(
                boxes=np.array([[0, 0, width, height]], np.float32),
                scores=np.array([self.score], np.float32),
                class_ids=np.array([3], np.int32),
                roi_masks=np.full((1, 28, 28), 255, np.uint8),
            )
            for _ in frames
        ]
