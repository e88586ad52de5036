"""Settings: how videos are made, one frozen dataclass a pass; built in one way from names and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pipeline.errors import ConfigError, UsageError
from pipeline.render.settings import RenderSettings
from pipeline.segment.settings import SegmentSettings
from pipeline.track.settings import TrackSettings
from pipeline.video.settings import DecodeSettings, EncodeSettings

_ENDLESS = float("inf")


@dataclass(frozen=True)
class RunSettings:
    """Settings of how the work is done; nothing of what comes out depends on them.

    workers : processes that run the network; None: a GPU each, without GPU a core each; 0: no others, and no
        Ray.
    chunk_frames : frames that are worked on at once; None for the default.
    cluster : HOST:PORT of a Ray cluster, `auto` for the one on this machine, `local` for one that is started here for
        this run alone, None for none.
    force, skip : what becomes of an output that exists; neither: the run is refused.
    work_dir : where chunk files go; None: into the run's folder beside the output.
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
    """The settings of every pass, as they were asked for."""

    decode: DecodeSettings = field(default_factory=DecodeSettings)
    segment: SegmentSettings = field(default_factory=SegmentSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    render: RenderSettings = field(default_factory=RenderSettings)
    encode: EncodeSettings = field(default_factory=EncodeSettings)
    run: RunSettings = field(default_factory=RunSettings)

    def with_changes(self, changes: Mapping[str, Mapping[str, Any]]) -> Settings:
        """The settings with other values, given by room and field."""
        rooms = {room: replace(getattr(self, room), **values) for room, values in changes.items()}
        return replace(self, **rooms)

    @classmethod
    def from_json(cls, values: Mapping[str, Mapping[str, Any]]) -> Settings:
        """The settings of their JSON form; keys that another version wrote are left out.

        Raises ConfigError for a value that a setting cannot have.
        """
        rooms = {room.name: type(getattr(cls(), room.name)) for room in fields(cls)}
        return cls().with_changes({name: _known(kind, values.get(name, {})) for name, kind in rooms.items()})


def _known(room: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(room)
    known = {key: _tuples(value) for key, value in values.items() if key in hints}
    for key, value in known.items():
        if not _fits(hints[key], value):
            raise ConfigError(f"{key} has a value it cannot have.", found=str(value)[:200])
    return known


def _fits(hint: Any, value: Any) -> bool:
    """True for a value that has the type of an annotation of the settings."""
    kind, inner = get_origin(hint), get_args(hint)
    if kind in (UnionType, Union):
        return any(_fits(one, value) for one in inner)
    if kind is Literal:
        return value in inner
    if kind is tuple:
        return isinstance(value, tuple) and all(_fits(inner[0], one) for one in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _ENDLESS
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
