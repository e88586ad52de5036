"""TrackSettings: the thresholds by which detections become the same object."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import ConfigError

#: People, whatever labels call them.
PERSONS = ("person", "pedestrian", "rider", "other person")

#: Classes that networks mistake for one another; within a group a track may change its class.
ROAD_GROUPS = (
    ("car", "truck", "bus", "train", "van", "caravan", "trailer", "other vehicle"),
    PERSONS,
    ("bicycle", "bike", "motorcycle", "motor", "motorbike"),
)

#: What can be done about what stands still in the picture while the world moves.
OWN_CAR = ("auto", "off")


@dataclass(frozen=True)
class TrackSettings:
    """Numbers of the tracker (Zhang et al. 2022, ByteTrack) and of the look back; times in seconds, not frames.

    start_score : a detection from this score on may start a track; the score that a track is judged by has to reach
        it too: the mean of its best scores over judge_seconds, where a frame without it counts as 0.
    follow_score : a weaker one, down to this score, may only continue a track.
    strong_overlap : least IoU with a track's predicted box to continue it, from start_score on.
    weak_overlap : the same for detections below start_score.
    box_growth : boxes grow by this share of their size to each side before the IoU, so that a small fast
        object still meets its prediction (Yang et al. 2023).
    lost_seconds : how long a track seen at least twice waits for its object to come back.
    unsure_seconds : how long a track seen only once waits.
    duplicate_overlap : a detection that meets a better one of its group with this IoU is the same object.
    lag_seconds : a frame's tracks are final when this much of the video behind it is known.
    judge_seconds : for how long an object has to be seen; what is seen for less is a flicker. Where frames are
        further apart, one is enough.
    fill_seconds : the longest gap in a track that is filled.
    join_seconds : the longest gap between two tracks that may be one object.
    join_overlap : least IoU with each other's predicted boxes to join two tracks.
    same_overlap : two tracks that lie on each other with this mean IoU, as long as both are there, are one object.
    class_lead : a track changes its class when the votes for another one are this many times those for its own.
    steady : weight of the next frames' boxes and masks against a frame's own, where they are painted, 0..1.
    own_car : "auto": what stands still in the picture while the world moves is not drawn; "off": as anything.
    ignore_regions : x, y, width, height in px; what lies in them with more than half its box gets no track.
    class_groups : class names that may follow each other in one track; any other class stands alone.
    """

    start_score: float = 0.5
    follow_score: float = 0.2
    strong_overlap: float = 0.2
    weak_overlap: float = 0.6
    box_growth: float = 0.1
    lost_seconds: float = 1.0
    unsure_seconds: float = 0.3
    duplicate_overlap: float = 0.8
    lag_seconds: float = 3.0
    judge_seconds: float = 0.5
    fill_seconds: float = 0.65
    join_seconds: float = 1.5
    join_overlap: float = 0.2
    same_overlap: float = 0.55
    class_lead: float = 1.5
    steady: float = 0.5
    own_car: str = "auto"
    ignore_regions: tuple[tuple[float, float, float, float], ...] = ()
    class_groups: tuple[tuple[str, ...], ...] = ROAD_GROUPS

    def __post_init__(self) -> None:
        shares = (
            "start_score",
            "follow_score",
            "strong_overlap",
            "weak_overlap",
            "duplicate_overlap",
            "join_overlap",
            "same_overlap",
        )
        for name in shares:
            if not 0.0 < getattr(self, name) <= 1.0:
                raise ConfigError(f"track {name} must lie in (0, 1].", found=str(getattr(self, name)))
        for name in ("box_growth", "steady", *(field for field in vars(self) if field.endswith("_seconds"))):
            if not 0.0 <= getattr(self, name) < float("inf"):
                raise ConfigError(f"track {name} must be 0 or more.", found=str(getattr(self, name)))
        if self.follow_score > self.start_score:
            raise ConfigError(
                "track follow_score must be at most start_score.",
                found=f"{self.follow_score} > {self.start_score}",
            )
        if self.class_lead < 1.0:
            raise ConfigError("track class_lead must be 1 or more.", found=str(self.class_lead))
        if self.own_car not in OWN_CAR:
            raise ConfigError(
                "own-car has a value it cannot have.", found=self.own_car, do="give auto or off"
            )
        for region in self.ignore_regions:
            if len(region) != 4 or region[2] <= 0 or region[3] <= 0:
                raise ConfigError(
                    "An ignored region is x,y,width,height with a size above 0.", found=str(region)
                )

    @property
    def join_wait_seconds(self) -> float:
        """Seconds after its last detection within which a track is joined with what may go on from it.

        Two thirds of the lag at most: then a fragment is joined before it is judged alone.
        """
        return min(max(self.lost_seconds, self.join_seconds) + 0.5, self.lag_seconds * 2 / 3)
