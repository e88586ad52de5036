"""Events: everything that a run reports while it works, one type per kind of event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

from pipeline.record.spent import NOTHING, Spent
from pipeline.structures.spans import Span


@dataclass(frozen=True)
class VideoStarted:
    """A video of a job is started. number : its position, from 1. count : of videos."""

    name: ClassVar[str] = "video"
    source: str
    number: int
    count: int


@dataclass(frozen=True)
class Redone:
    """Passes whose earlier results no longer apply. changed : the reasons, a few words each."""

    name: ClassVar[str] = "redo"
    passes: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Counts:
    """The number of frames, and of those that each pass is done with.

    output : the video that is made. frames : its number of frames. done : frames by the participle of the pass, such as
    `segmented`.
    """

    output: str
    frames: int
    done: Mapping[str, int]


@dataclass(frozen=True)
class Listed:
    """The videos of a listing are known. folder : of the listing's record. nbytes : of all videos."""

    name: ClassVar[str] = "listed"
    folder: str
    videos: int
    nbytes: int


@dataclass(frozen=True)
class Begun:
    """A run begins. frames_kept : frames whose detections exist already."""

    name: ClassVar[str] = "begin"
    counts: Counts
    frames_kept: int


@dataclass(frozen=True)
class Ready:
    """The network is loaded."""

    name: ClassVar[str] = "ready"
    counts: Counts


@dataclass(frozen=True)
class Progressed:
    """A pass is done with a chunk, or with the film.

    step : the pass. seconds : that it took. spent : by all processes since the event before, as far as reported.
    """

    name: ClassVar[str] = "progress"
    counts: Counts
    step: str
    seconds: float = 0.0
    spent: Spent = NOTHING


@dataclass(frozen=True)
class PacketsSent:
    """Workers cannot read the source: from now on each task is sent with its packets."""

    name: ClassVar[str] = "packets"
    output: str


@dataclass(frozen=True)
class Retried:
    """A task failed and is retried. step : the pass."""

    name: ClassVar[str] = "retry"
    step: str
    chunk: int
    reason: str


@dataclass(frozen=True)
class ChunkFailed:
    """A task failed for good. step : the pass."""

    name: ClassVar[str] = "chunk_failed"
    step: str
    chunk: int
    reason: str


@dataclass(frozen=True)
class PassStarted:
    """A pass over the whole film starts. step : the pass."""

    name: ClassVar[str] = "pass"
    step: str


@dataclass(frozen=True)
class StopAsked:
    """The user asked to stop. in_flight : tasks that are finished first."""

    name: ClassVar[str] = "stopping"
    in_flight: int


@dataclass(frozen=True)
class Warned:
    """The user should know something. text : one sentence."""

    name: ClassVar[str] = "warning"
    text: str


@dataclass(frozen=True)
class Damaged:
    """The source is damaged. text : one sentence."""

    name: ClassVar[str] = "damage"
    text: str


@dataclass(frozen=True)
class VideoFacts:
    """The figures of a video.

    frames, chunks : their number. width, height : of a frame in px. network : SHA-256 of the weights.
    runtime : what ran them. missing, flawed : spans of frames that do not decode, or with damage; see FrameDamage.
    seconds : from the first look at the source to the output; None if nothing had to be made.
    busy_seconds : of each pass, summed over all workers. frames_per_second : see record.status.
    video_seconds : duration of the film. spent : by all processes. spent_before : by earlier jobs on products that
    this one has reused.
    """

    frames: int
    chunks: int
    width: int
    height: int
    network: str
    runtime: str
    missing: tuple[Span, ...] = ()
    flawed: tuple[Span, ...] = ()
    seconds: float | None = None
    busy_seconds: Mapping[str, float] = field(default_factory=dict)
    frames_per_second: float | None = None
    video_seconds: float = 0.0
    spent: Spent = NOTHING
    spent_before: Spent = NOTHING


@dataclass(frozen=True)
class Ended:
    """A video is done. state : made; kept: the output existed as requested."""

    state: Literal["made", "kept"]
    output: str
    facts: VideoFacts

    @property
    def name(self) -> str:
        """The state."""
        return self.state


@dataclass(frozen=True)
class Skipped:
    """A video is skipped, because its output exists and is not to be replaced."""

    name: ClassVar[str] = "skipped"
    output: str


@dataclass(frozen=True)
class SetAside:
    """A video failed; the job continues with the next."""

    name: ClassVar[str] = "set_aside"
    source: str
    reason: str


@dataclass(frozen=True)
class Billed:
    """A job is done.

    videos : number made. video_seconds : their total duration. spent : by the whole job. before : by earlier jobs on
    products that this one has reused.
    """

    name: ClassVar[str] = "bill"
    videos: int
    video_seconds: float
    spent: Spent
    before: Spent = NOTHING


Event = (
    VideoStarted
    | Listed
    | Redone
    | Begun
    | Ready
    | Progressed
    | PacketsSent
    | Retried
    | ChunkFailed
    | PassStarted
    | StopAsked
    | Warned
    | Damaged
    | Ended
    | Skipped
    | SetAside
    | Billed
)


class Listener(Protocol):
    """Receives the events of a run, as a reporter does."""

    def tell(self, event: Event) -> None:
        """Take an event."""
        ...
