"""Settings: how videos are made, one frozen dataclass a pass; built in one way from names and values."""

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
    """Settings of how the work is done; nothing of what comes out depends on them.

    workers : processes that run the network; None: a GPU each, without GPU a core each; 0: no others, and no
        Ray.
    chunk_frames : frames that are worked on at once; None for the default.
    cluster : HOST:PORT of a Ray cluster, `auto` for the one on this machine, `local` for one that is started here for
        this run alone, None for none.
    force, skip : what becomes of an output that exists; neither: the run is refused.
    work_dir : where chunk files go; None: into the run's folder beside the output. The runs of outputs in a storage
        lie there too; None: in the current folder.
    keep_work : they stay after success. sidecar : detections and manifest stay beside the output.
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
        if self.workers is not None and self.workers < 0:
            raise ConfigError("workers has to be 0 or more.", found=str(self.workers), do="leave it out")
        if self.chunk_frames is not None and self.chunk_frames < 1:
            raise ConfigError("chunk-frames has to be at least 1.", found=str(self.chunk_frames))
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
        """The settings with other values, given by room and field."""
        rooms = {room: replace(getattr(self, room), **values) for room, values in changes.items()}
        return replace(self, **rooms)

    @classmethod
    def from_json(cls, values: Mapping[str, Mapping[str, Any]], place: str) -> Settings:
        """The settings of their JSON form; keys that another version wrote are left out.

        place : where they stand. Raises ConfigError for a value that a setting cannot have.
        """
        from pipeline.loading.load import load  # what checks types need not be there for --help

        given = {
            room.name: Given(values.get(room.name, {}), place=place, of_json=True) for room in fields(cls)
        }
        return cls(
            **{
                name: load(kind, given[name], ignore_unknown=True)
                for name, kind in get_type_hints(cls).items()
            }
        )
