"""Settings: how a video is made, in one frozen dataclass per pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_type_hints

from pipeline.errors import ConfigError, UsageError
from pipeline.loading.given import Given
from pipeline.pictures.settings import PictureSettings
from pipeline.render.settings import RenderSettings
from pipeline.segment.settings import SegmentSettings
from pipeline.track.settings import TrackSettings
from pipeline.video.settings import DecodeSettings, EncodeSettings


@dataclass(frozen=True)
class RunSettings:
    """Settings of how the work is done, on which the output does not depend.

    workers : processes that run the network; None: one per GPU, or a single one without; 0: everything in this process.
    chunk_frames : frames per chunk; None for the default.
    cluster : HOST:PORT of a Ray cluster, `auto` for the one on this machine, `local` for one that is started for this
        run alone; None: no Ray cluster.
    force, skip : replace an existing output, or skip its input; with neither the run is refused.
    work_dir : for chunk files; None: the run's folder beside the output. Also for the runs of outputs in a storage;
        None: the current folder.
    keep_work : keep the chunk files after success. sidecar : keep detections and manifest beside the output.
    """

    workers: int | None = None
    chunk_frames: int | None = None
    cluster: str | None = None
    force: bool = False
    skip: bool = False
    work_dir: str | None = None
    keep_work: bool = False
    sidecar: bool = True

    def __post_init__(self) -> None:
        if self.force and self.skip:
            raise UsageError("--force and --no-clobber exclude each other.", do="leave out one of them")
        if self.keep_work and not self.sidecar and self.work_dir is None:
            raise UsageError(
                "--keep-work keeps chunk files beside the output, and --no-sidecar is to leave nothing there.",
                do="leave out one of them, or name a --work-dir",
            )
        if self.workers is not None and self.workers < 0:
            raise ConfigError("workers must be 0 or more.", found=str(self.workers), do="leave it out")
        if self.chunk_frames is not None and self.chunk_frames < 1:
            raise ConfigError("chunk-frames must be at least 1.", found=str(self.chunk_frames))
        if self.cluster is not None and self.workers == 0:
            raise UsageError("--cluster needs workers.", found="--workers 0", do="leave out one of them")


@dataclass(frozen=True)
class Settings:
    """The settings of every pass, and of written pictures, as they were asked for."""

    decode: DecodeSettings = field(default_factory=DecodeSettings)
    segment: SegmentSettings = field(default_factory=SegmentSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    render: RenderSettings = field(default_factory=RenderSettings)
    encode: EncodeSettings = field(default_factory=EncodeSettings)
    pictures: PictureSettings = field(default_factory=PictureSettings)
    run: RunSettings = field(default_factory=RunSettings)

    def with_changes(self, changes: Mapping[str, Mapping[str, Any]]) -> Settings:
        """The settings with these values changed, given by room and field."""
        rooms = {room: replace(getattr(self, room), **values) for room, values in changes.items()}
        return replace(self, **rooms)

    @classmethod
    def from_json(cls, values: Mapping[str, Mapping[str, Any]], place: str) -> Settings:
        """The settings of their JSON form; unknown keys, which another version wrote, are ignored.

        place : the file, for errors. Raises ConfigError for a value that a setting cannot have.
        """
        from pipeline.loading.load import load  # which --help need not import

        given = {
            room.name: Given(values.get(room.name, {}), place=place, of_json=True) for room in fields(cls)
        }
        return cls(
            **{
                name: load(kind, given[name], ignore_unknown=True)
                for name, kind in get_type_hints(cls).items()
            }
        )
