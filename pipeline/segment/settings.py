"""SegmentSettings: which network looks at the frames, and how."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import ConfigError
from pipeline.loading.choice import check_choice

#: What --device takes; auto is the GPU where there is one.
DEVICES = ("auto", "cpu", "gpu")

#: What --precision takes; auto is what this machine computes fastest in without rounding to 8 bit.
PRECISIONS = ("auto", "float32", "bfloat16", "int8")


@dataclass(frozen=True)
class SegmentSettings:
    """Settings of the network that looks at the frames; a change of `model`, `score` or `thorough` redoes everything.

    model : a name of the catalog, or a path of weights.
    score : least probability of a detection that is stored. Far below what is shown, so that tracking can go
        on with weak detections and another --conf needs no new inference.
    batch : frames computed at a time; None: 1 on a CPU, where more gains nothing, and 8 on a GPU.
    device : one of DEVICES.
    precision : one of PRECISIONS; int8 takes a network that brings a program of 8-bit numbers.
    every : the network looks at every Nth frame, counted by time; the look back fills those between. None: at all
        frames, or at every 3rd with --fast.
    thorough : look at each frame six times, whole, mirrored and at enlarged parts.
    """

    model: str = "dashcam-lite"
    score: float = 0.1
    batch: int | None = None
    device: str = "auto"
    precision: str = "auto"
    every: int | None = None
    thorough: bool = False

    @property
    def looks(self) -> int:
        """Number of times that the network looks at a frame."""
        return 6 if self.thorough else 1

    def __post_init__(self) -> None:
        for name, known in (("device", DEVICES), ("precision", PRECISIONS)):
            check_choice(f"{name} must name a {name}.", getattr(self, name), known)
        if self.batch is not None and self.batch < 1:
            raise ConfigError("batch must be at least 1.", found=str(self.batch), do="leave it out")
        if self.every is not None and self.every < 1:
            raise ConfigError("every must be at least 1.", found=str(self.every), do="leave it out for 1")
        if not 0.0 < self.score < 1.0:
            raise ConfigError("score must lie between 0 and 1.", found=str(self.score))
