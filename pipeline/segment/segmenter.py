"""Segmenter: a network set up on this process's device, frames in, detections out; runs without Ray."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.segment.settings import SegmentSettings
from pipeline.structures.detections import Detections
from pipeline.structures.frame_segmenter import FrameSegmenter

if TYPE_CHECKING:
    from fractions import Fraction

_GPU_BATCH = 8

#: What TensorFlow writes while it is imported, before it heeds TF_CPP_MIN_LOG_LEVEL.
_GREETING = re.compile(rb"WARNING: All log messages before|I\d{4} ")


class Segmenter:
    """A network that is loaded by `setup`, so that it can be sent to another process before.

    threads : of one operation on a CPU; None leaves TensorFlow its own choice. Detections do not depend on it.
    """

    def __init__(self, settings: SegmentSettings, threads: int | None = None) -> None:
        self.settings, self.threads = settings, threads
        self._network: FrameSegmenter | None = None
        self.batch = settings.batch or 1

    def setup(self) -> Mapping[int, str]:
        """Load the network; the name of each class id it can return. Raises WeightsError, ConfigError."""
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        on_gpu = _claim_device(self.settings.device, self.threads)
        self.batch = self.settings.batch or (_GPU_BATCH if on_gpu else 1)
        from pipeline.networks.load import LoadSettings, load_segmenter

        load = LoadSettings(batch=self.batch, score=self.settings.score)
        self._network = load_segmenter(self.settings.model, load)
        self._lock = Lock()
        return dict(self._network.class_names)

    def frame_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px to decode a video of this size to: no larger than the network looks at."""
        from pipeline.segment.frame_size import frame_size

        return frame_size(self._ready(), width, height, sample_aspect)

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Detections of each frame of uint8 RGB [B, H, W, 3], boxes in the pixels of these frames.

        Callers of several threads take turns, so that one can decode while the other infers.
        """
        network = self._ready()
        with self._lock:
            return network.segment(frames)

    def close(self) -> None:
        """Let go of the network."""
        self._network = None

    def _ready(self) -> FrameSegmenter:
        assert self._network is not None, "setup() comes first"
        return self._network


def _claim_device(device: str, threads: int | None) -> bool:
    """Choose the device before TensorFlow's first operation; whether it is a GPU."""
    with _ungreeted():
        import tensorflow as tf

    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    gpus = tf.config.list_physical_devices("GPU")
    if device == "gpu" and not gpus:
        raise ConfigError("device gpu: TensorFlow sees no GPU here.", do="leave out --device, or use cpu")
    if device == "cpu":
        if gpus:
            tf.config.set_visible_devices([], "GPU")
        return False
    for gpu in gpus:
        # Otherwise the first process takes all of the GPU's memory.
        tf.config.experimental.set_memory_growth(gpu, True)
    return bool(gpus)


@contextmanager
def _ungreeted() -> Iterator[None]:
    """Keep TensorFlow's greetings off the terminal; whatever else is written meanwhile comes a moment later."""
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as heard:
        os.dup2(heard.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
            heard.seek(0)
            for line in heard:
                if not _GREETING.match(line):
                    os.write(2, line)
