"""PictureJob, what is asked for; PictureResult, what became of one picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import SegVideoError
from pipeline.pictures.settings import PictureSettings
from pipeline.render.settings import RenderSettings
from pipeline.segment.settings import SegmentSettings
from pipeline.track.settings import TrackSettings


@dataclass(frozen=True)
class PictureJob:
    """Pictures, where they go, and the settings of each step.

    inputs, output, listed : as picture_pairs takes them.
    track : its scores, groups and ignored regions say what counts as an object; each picture stands alone.
    force, skip : what becomes of an output that no run here has made; neither: the job is refused.
    """

    inputs: tuple[str, ...]
    output: str | None = None
    listed: tuple[str, ...] = ()
    segment: SegmentSettings = field(default_factory=SegmentSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    render: RenderSettings = field(default_factory=RenderSettings)
    write: PictureSettings = field(default_factory=PictureSettings)
    force: bool = False
    skip: bool = False


@dataclass(frozen=True)
class PictureResult:
    """The end of one picture.

    state : "done", "kept" (it was there already, made with the same settings), "skipped" (there is another file) or
        "failed". objects : how many are painted; None
        where the view shows none. error : why it failed.
    """

    source: Path
    output: Path
    state: str
    objects: int | None = 0
    error: SegVideoError | None = None

    def record(self) -> dict[str, object]:
        """The same for programs, as JSON has it."""
        return {
            "source": str(self.source),
            "output": str(self.output),
            "state": self.state,
            "objects": self.objects,
            "error": None if self.error is None else str(self.error),
        }
