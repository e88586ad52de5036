"""What a job would do: chunks, time and disk, told before anything is started."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pipeline.job.inputs import pairs
from pipeline.job.spec import JobSpec
from pipeline.video.colour.tone_map import shown
from pipeline.video.read.plan import DEFAULT_CHUNK_FRAMES, plan
from pipeline.video.read.probe import probe
from pipeline.video.write.encoders import probe_encoder

#: Frames a second of one core, the network and all: dashcam-lite at 720p makes 10 on Zen 4, and is a third slower on
#: a core without bfloat16. Other networks are slower, GPUs faster by far.
_FRAMES_PER_CORE_SECOND = 8.0

_START_SECONDS = 10.0

#: Of the source's own size: parts, the output and detections lie on the disk together for a moment.
_DISK_SHARE = 2.5


@dataclass(frozen=True)
class Estimate:
    """What one video would take; minutes and disk are rough."""

    source: str
    output: str
    frames: int
    chunks: int
    encoder: str
    minutes: float
    disk_mb: float


def estimate(spec: JobSpec) -> list[Estimate]:
    """An estimate for each video of the job. Raises InputError for one that cannot be read."""
    found = []
    for pair in pairs(spec.inputs, spec.output):
        info = probe(pair.source)
        chunks = plan(info, spec.run.chunk_frames or DEFAULT_CHUNK_FRAMES)
        rate = _FRAMES_PER_CORE_SECOND * min(os.cpu_count() or 1, max(len(chunks), 1))
        found.append(
            Estimate(
                source=str(pair.source),
                output=str(pair.output),
                frames=info.frame_count,
                chunks=len(chunks),
                encoder=probe_encoder(shown(info, tone_map=spec.decode.tone_map), spec.encode).name,
                minutes=(_START_SECONDS + info.frame_count / rate) / 60,
                disk_mb=_DISK_SHARE * pair.source.stat().st_size / 1e6,
            )
        )
    return found
