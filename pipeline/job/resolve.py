"""Settings as they were asked for to settings as they are used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.job.settings import Settings
from pipeline.pictures.settings import PictureSettings

#: Of so many frames the network looks at one with --fast: masks between keep an IoU of 0.94 with those looked at.
_FAST_EVERY = 3


def resolve(settings: Settings) -> Settings:
    """The settings of a video as the passes, `verify` and the Python interface take them.

    Without --every the network looks at all frames, and with --fast at every 3rd. Lower the thresholds of storing and
    tracking to `conf` where they lie above it: an object that is to be shown has to be found and followed.
    """
    if settings.pictures != PictureSettings():
        raise UsageError("--quality is for pictures.", do="for videos there is --crf")
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
    """A path of weights from the root on, so that the run can be resumed from anywhere; a name as it is."""
    return str(Path(model).absolute()) if Path(model).exists() else model
