"""Turn settings as they were asked for into settings as they are used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.job.settings import Settings
from pipeline.pictures.settings import PictureSettings

#: With --fast the network looks at one of so many frames; masks in between keep an IoU of 0.94 with its own.
_FAST_EVERY = 3


def resolve(settings: Settings) -> Settings:
    """The settings as the passes, `verify` and the Python interface use them.

    Without --every the network looks at all frames, or with --fast at every 3rd. The thresholds for storing and
    tracking are lowered to `conf` if they lie above it: to be shown, an object has to be found and followed.
    """
    if settings.pictures != PictureSettings():
        raise UsageError("--quality applies to pictures only.", do="use --crf for videos")
    conf = settings.render.conf
    segment, track = settings.segment, settings.track
    start = min(track.start_score, conf)
    return replace(
        settings,
        segment=replace(
            segment,
            score=min(segment.score, conf),
            model=_whole_path(segment.model),
            every=segment.every or (_FAST_EVERY if settings.encode.fast else 1),
        ),
        track=replace(track, start_score=start, follow_score=min(track.follow_score, start)),
    )


def _whole_path(model: str) -> str:
    """An absolute path of weights, so that the run can be resumed from any folder; a name of the catalog as it is."""
    return str(Path(model).absolute()) if Path(model).exists() else model
