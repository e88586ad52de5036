"""SegmentSettings: which network looks at the frames, and how."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import ConfigError
from pipeline.loading.choice import check_choice
from pipeline.structures.computing import DEVICES, PRECISIONS


@dataclass(frozen=True)
class SegmentSettings:
    """Settings of the network.

    Changing `model`, `score`, `every` or `thorough` means running it again; so does changing `device` or `precision`
    where another runtime comes of it.

    model : a name of the catalog, or the path of a file of weights.
    score : least score of a stored detection. It is far below what is shown, so that tracking can use weak detections
        and another --conf needs no new inference.
    batch : frames or pictures per call; None: 1 on a CPU, where more gains nothing, and 8 on a GPU.
    device : one of DEVICES.
    precision : one of PRECISIONS; int8 needs a network that comes with an 8-bit program.
    every : look at every Nth frame, counted by time; the others are interpolated. None: all frames, or every 3rd with
        --fast.
    thorough : look at each frame six times: whole, mirrored, and at enlarged parts.
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
        """Number of times that the network looks at each frame."""
        return 6 if self.thorough else 1

    def __post_init__(self) -> None:
        for name, known in (("device", DEVICES), ("precision", PRECISIONS)):
            check_choice(f"This {name} does not exist.", getattr(self, name), known)
        if self.batch is not None and self.batch < 1:
            raise ConfigError("batch must be at least 1.", found=str(self.batch), do="leave it out")
        if self.every is not None and self.every < 1:
            raise ConfigError("every must be at least 1.", found=str(self.every), do="give 1 for every frame")
        if not 0.0 < self.score < 1.0:
            raise ConfigError("score must lie between 0 and 1.", found=str(self.score))
