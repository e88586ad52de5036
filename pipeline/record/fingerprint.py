"""Fingerprints: what each pass depends on, as one short text a pass."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, is_dataclass

from pipeline.render.settings import RenderSettings
from pipeline.structures.chunk import Chunk
from pipeline.track.settings import TrackSettings
from pipeline.video.settings import DecodeSettings
from pipeline.video.write.encoders import Encoder

#: Rises when a pass makes something else of the same settings; older results are then made anew.
_RELEASE = {"segment": 1, "track": 2, "render": 1, "mux": 1}

#: What the passes are called when a person is told about them, in order.
PASSES = ("segment", "track", "render", "mux")


@dataclass(frozen=True)
class Fingerprints:
    """Two runs with the same text make the same in that pass; a pass depends on those before it.

    None of them depends on how many workers there are, or on where they are.
    """

    segment: str
    track: str
    render: str
    mux: str

    @classmethod
    def of(
        cls,
        source: str,
        weights: str,
        score: float,
        track: TrackSettings,
        render: RenderSettings,
        encoder: Encoder,
        decode: DecodeSettings,
        chunks: Sequence[Chunk],
        suffix: str,
        is_hdr: bool = False,
    ) -> Fingerprints:
        """Fingerprints of a run.

        source, weights : SHA-256. score : of the weakest detection that is stored. suffix : of the output.
        is_hdr : whether the network, which sees HDR tone-mapped, sees the source so; the picture is mapped on request.
        """
        # Named only for HDR, so that what was found in SDR before it was mapped at all stays good.
        seen = ["tone-mapped"] if is_hdr else []
        mapped = ["tone-map"] if is_hdr and decode.tone_map else []
        segment = _mark("segment", source, weights, score, decode.deinterlace, *seen)
        tracked = _mark("track", segment, track)
        rendered = _mark("render", tracked, render, encoder, decode.damaged, *mapped)
        spans = [[chunk.start, chunk.stop] for chunk in chunks]
        return cls(segment, tracked, rendered, _mark("mux", rendered, spans, suffix))

    def of_chunk(self, step: str, chunk: Chunk) -> str:
        """Fingerprint of what a pass makes of a chunk: the same span gives the same, whatever its number."""
        return f"{getattr(self, step)}:{chunk.start}-{chunk.stop}"


def _mark(step: str, *parts: object) -> str:
    plain = [asdict(part) if is_dataclass(part) and not isinstance(part, type) else part for part in parts]
    text = json.dumps([step, _RELEASE[step], *plain], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
