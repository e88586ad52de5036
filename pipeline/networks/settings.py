"""LoadSettings: how a network is to run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from pipeline.errors import ConfigError
from pipeline.loading.choice import check_choice
from pipeline.model.config import MaskRCNNConfig

Value = TypeVar("Value")

RUNTIMES = ("auto", "openvino", "tensorflow")

PRECISIONS = ("auto", "float32", "bfloat16", "int8")


@dataclass(frozen=True)
class LoadSettings:
    """Settings of a network that runs; None leaves a setting as its source has it.

    device : `auto` (the GPU where there is one), `cpu` or `gpu`.
    runtime : `openvino`, `tensorflow` (or whichever backend Keras has), or `auto`: OpenVINO on a CPU.
    precision : one of PRECISIONS; a network whose file has its own numbers takes `auto` and `float32` alone.
    threads : cores to use; None: all. OpenVINO shares them out to callers, TensorFlow gives them to an operation.
    callers : threads that look at frames at the same time; None: as many as there are cores. Fewer have several cores
        each on OpenVINO, whose number a frame's last digits then depend on.
    batch : frames computed at a time; None: 1 on a CPU, where more gains nothing, and 8 on a GPU.
    jit : compile with XLA; None: on a GPU only.
    score : least probability of a detection.
    proposals, detections : regions looked at and objects returned a frame.
    min_size, max_size : px, under the source's own resize rule.
    pixel_classes : load what gives each pixel a class too, where the network has that.
    thorough : look at each frame six times, whole, mirrored and at enlarged parts.
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

    def __post_init__(self) -> None:
        for name, known in (("runtime", RUNTIMES), ("precision", PRECISIONS)):
            check_choice(f"{name} must name a {name}.", getattr(self, name), known)

    def check_own_numbers(self, model: str) -> None:
        """Raise ConfigError if `model`, whose file says what it computes in, is to compute in something else."""
        if self.precision not in ("auto", "float32"):
            raise ConfigError(
                f"precision {self.precision}: {model} computes in the numbers of its file.",
                do="leave out the precision",
            )

    def adapt(self, config: MaskRCNNConfig) -> MaskRCNNConfig:
        """The config with these settings in it."""
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
    """The value that was asked for, or the default."""
    return default if asked is None else asked
