"""TrackSettings: what decides which detections are the same object."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import ConfigError

#: Classes that networks mistake for one another; within a group a track may change its class.
ROAD_GROUPS = (
    ("car", "truck", "bus", "train", "van", "caravan", "trailer", "other vehicle"),
    ("person", "pedestrian", "rider", "other person"),
    ("bicycle", "bike", "motorcycle", "motor", "motorbike"),
)


@dataclass(frozen=True)
class TrackSettings:
    """Numbers of the tracker (Zhang et al. 2022, ByteTrack), times in seconds instead of frames.

    start_score : a detection from this score on may start a track.
    follow_score : a weaker one, down to this score, may only continue a track.
    sure_score : seen with this score, or in the first frame, a track has its id at once.
    trial_seconds : any other has it once it has been followed for so long, which flickers never are; where frames
        are further apart than that there is no trial.
    strong_overlap : least IoU with a track's predicted box to continue it, from start_score on.
    weak_overlap : the same for detections below start_score.
    box_growth : boxes grow by this share of their size to each side before the IoU, so that a small fast
        object still meets its prediction (Yang et al. 2023).
    lost_seconds : how long a track seen at least twice waits for its object to come back.
    unsure_seconds : how long a track seen only once waits.
    duplicate_overlap : a detection that meets a better one of its group with this IoU is the same object.
    ignore_regions : x, y, width, height in px; what lies there with more than half its box gets no track.
    class_groups : class names that may follow each other in one track; any other class stands alone.
    """

    start_score: float = 0.5
    follow_score: float = 0.2
    sure_score: float = 0.9
    trial_seconds: float = 0.07
    strong_overlap: float = 0.2
    weak_overlap: float = 0.5
    box_growth: float = 0.1
    lost_seconds: float = 1.0
    unsure_seconds: float = 0.3
    duplicate_overlap: float = 0.8
    ignore_regions: tuple[tuple[float, float, float, float], ...] = ()
    class_groups: tuple[tuple[str, ...], ...] = ROAD_GROUPS

    def __post_init__(self) -> None:
        shares = (
            "start_score",
            "follow_score",
            "sure_score",
            "strong_overlap",
            "weak_overlap",
            "duplicate_overlap",
        )
        for name in shares:
            if not 0.0 < getattr(self, name) <= 1.0:
                raise ConfigError(f"track {name} has to lie in (0, 1].", found=str(getattr(self, name)))
        for name in ("trial_seconds", "box_growth", "lost_seconds", "unsure_seconds"):
            if not 0.0 <= getattr(self, name) < float("inf"):
                raise ConfigError(f"track {name} has to be 0 or more.", found=str(getattr(self, name)))
        if self.follow_score > self.start_score:
            raise ConfigError(
                "track follow_score has to be at most start_score.",
                found=f"{self.follow_score} > {self.start_score}",
            )
        for region in self.ignore_regions:
            if len(region) != 4 or region[2] <= 0 or region[3] <= 0:
                raise ConfigError(
                    "An ignored region is x,y,width,height with a size above 0.", found=str(region)
                )
