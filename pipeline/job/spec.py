"""JobSpec: what is asked for, from a command line or a job file, as frozen settings; one dataclass a pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pipeline.errors import ConfigError, UsageError
from pipeline.job.options import OPTIONS
from pipeline.render.settings import RenderSettings
from pipeline.segment.settings import SegmentSettings
from pipeline.track.settings import TrackSettings
from pipeline.video.settings import DecodeSettings, EncodeSettings


@dataclass(frozen=True)
class RunSettings:
    """How the work is done; nothing of what comes out depends on it.

    workers : processes that run the network; None: a GPU each, without GPU a core each; 0: no others, and no
        Ray.
    chunk_frames : frames that are worked on at once; None for the default.
    cluster : HOST:PORT of a Ray cluster, `auto` for the one on this machine, None for none.
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
class JobSpec:
    """One job: videos, where they go, and the settings of each pass.

    inputs : files, folders or patterns. output : a file, a folder or a template; None for the default name.
    weights : SHA-256 of the weights where stored detections stand for them, and they need not be here.
    """

    inputs: tuple[str, ...]
    output: str | None = None
    segment: SegmentSettings = field(default_factory=SegmentSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    render: RenderSettings = field(default_factory=RenderSettings)
    encode: EncodeSettings = field(default_factory=EncodeSettings)
    decode: DecodeSettings = field(default_factory=DecodeSettings)
    run: RunSettings = field(default_factory=RunSettings)
    weights: str | None = None


def make_spec(inputs: tuple[str, ...], output: str | None, values: Mapping[str, Any]) -> JobSpec:
    """The job of these inputs with options by their long flag's name, as `Option.read` gave them.

    Raises UsageError for a name that is no option's, with the nearest one.
    """
    settings: dict[str, dict[str, Any]] = {
        room: {} for room in ("decode", "segment", "track", "render", "encode", "run")
    }
    for key, value in values.items():
        option = OPTIONS.get(key)
        if option is None:
            raise unknown_key(key)
        settings[option.room][option.field] = value
    _follow_conf(settings)
    return JobSpec(
        inputs=inputs,
        output=output,
        segment=SegmentSettings(**settings["segment"]),
        track=TrackSettings(**settings["track"]),
        render=RenderSettings(**settings["render"]),
        encode=EncodeSettings(**settings["encode"]),
        decode=DecodeSettings(**settings["decode"]),
        run=RunSettings(**settings["run"]),
    )


def unknown_key(key: str) -> UsageError:
    """The error for a name that no option has."""
    near = get_close_matches(key, [*OPTIONS, "inputs", "output"], n=1, cutoff=0.5)
    return UsageError(
        f"There is no setting called {key!r}.",
        do=f"did you mean {near[0]!r}?" if near else f"the settings are {', '.join(OPTIONS)}",
    )


def _follow_conf(settings: dict[str, dict[str, Any]]) -> None:
    """Let weaker objects be found and followed where weaker ones than usual are to be shown."""
    conf = settings["render"].get("conf")
    if conf is None:
        return
    if not 0.01 <= conf <= 1.0:
        raise ConfigError("conf has to lie in 0.01..1.", found=str(conf), do="try 0.5")
    track, segment = TrackSettings(), SegmentSettings()
    start = min(track.start_score, conf)
    settings["track"] |= {"start_score": start, "follow_score": min(track.follow_score, start)}
    settings["segment"]["score"] = min(segment.score, conf)
