"""LoadSettings: how to run a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from pipeline.errors import ConfigError
from pipeline.loading.choice import check_choice
from pipeline.model.config import MaskRCNNConfig
from pipeline.structures.computing import DEVICES, PRECISIONS

Value = TypeVar("Value")

#: Runtimes; auto is OpenVINO on a CPU and the backend of Keras on a GPU.
RUNTIMES = ("auto", "openvino", "tensorflow")


@dataclass(frozen=True)
class LoadSettings:
    """Settings for running a network; None keeps a setting as its source has it.

    device : one of DEVICES.
    runtime : one of RUNTIMES; `tensorflow` means the backend of Keras.
    precision : one of PRECISIONS; a network whose file fixes its number format takes only `auto` and `float32`.
    threads : cores to use; None: all. OpenVINO divides them among callers, TensorFlow uses them for one operation.
    callers : threads that call at the same time; None: one per core. With fewer, OpenVINO uses several cores for each,
        on whose number the last digits of results depend.
    batch : frames per call; None: 1 on a CPU, where more gains nothing, and 8 on a GPU.
    jit : compile with XLA; None: on a GPU only.
    score : least score of a detection.
    proposals, detections : number of regions examined, and of objects returned, per frame.
    min_size, max_size : in px, under the source's own resize rule.
    pixel_classes : also load the branch that classifies pixels, if the network has one.
    thorough : look at each frame six times: whole, mirrored, and at enlarged parts.
    film : the frames are of a film, through which objects are followed; otherwise each is a picture by itself, in which
        our own networks find more (`presets.for_stills`).
    """

    device: str = "auto"
    runtime: str = "auto"
    precision: str = "auto"
    threads: int | None = None
    callers: int | None = None
    batch: int | None = None
    jit: bool | None = None
    score: float | None = None
    proposals: int | None = None
    detections: int | None = None
    min_size: int | None = None
    max_size: int | None = None
    pixel_classes: bool = False
    thorough: bool = False
    film: bool = False

    def __post_init__(self) -> None:
        for name, known in (("device", DEVICES), ("runtime", RUNTIMES), ("precision", PRECISIONS)):
            check_choice(f"This {name} does not exist.", getattr(self, name), known)
        for name in ("threads", "callers", "batch", "proposals", "detections"):
            count = getattr(self, name)
            if count is not None and count < 1:
                raise ConfigError(f"{name} must be at least 1.", found=str(count), do="leave it out")

    def check_own_numbers(self, model: str) -> None:
        """Raise ConfigError if `model`, whose file fixes its number format, is to run in another."""
        if self.precision not in ("auto", "float32"):
            raise ConfigError(
                f"precision {self.precision}: the file {model} fixes its number format.",
                do="leave out the precision",
            )

    def adapt(self, config: MaskRCNNConfig) -> MaskRCNNConfig:
        """The config with these settings applied."""
        detection, rpn, size = config.detection, config.rpn, config.input
        return replace(
            config,
            detection=replace(
                detection, score=given(self.score, detection.score), count=given(self.detections, detection.count)
            ),
            rpn=replace(rpn, post_nms=given(self.proposals, rpn.post_nms)),
            input=replace(
                size,
                min_size=given(self.min_size, size.min_size),
                max_size=given(self.max_size, size.max_size),
            ),
        )  # fmt: skip


def given(asked: Value | None, default: Value) -> Value:
    """The requested value, or the default."""
    return default if asked is None else asked
