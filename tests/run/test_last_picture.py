from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline.run.work import segment_worker
from pipeline.run.work.segment_worker import LastPicture, SegmentTask, seen_frames
from pipeline.structures.chunk import Chunk
from pipeline.structures.detections import Detections
from pipeline.video.read.decode import DecodedFrame, SmallPictures
from pipeline.video.read.plan import plan
from pipeline.video.settings import DecodeSettings
from tests.footage import an_info

INFO = an_info(40, range(0, 40, 10))


class Decoder:
    """Pictures that move 2 px a frame; notes the spans that it is asked for."""

    def __init__(self, flawed: int | None = None) -> None:
        self.spans: list[tuple[int, int]] = []
        self._flawed = flawed
        self._scene = np.random.default_rng(1).integers(0, 256, (18, 60)).repeat(8, 0).repeat(8, 1)

    def __call__(self, info: Any, span: Chunk, *_: Any, **__: Any) -> Iterator[DecodedFrame[SmallPictures]]:
        self.spans.append((span.start, span.stop))
        for number in range(span.start, span.stop):
            picture = SmallPictures(self._scene[:, 2 * number : 2 * number + 256].astype(np.uint8), None)
            yield DecodedFrame(number, number, picture, repeated=False, flawed=number == self._flawed)


def motions(decoder: Decoder, last: list[LastPicture], monkeypatch: pytest.MonkeyPatch) -> list[list[float]]:
    monkeypatch.setattr(segment_worker, "decode_small", decoder)
    segmenter: Any = SimpleNamespace(
        frame_size=lambda *_: (256, 144), callers=1, batch=1, look=lambda frames: [(Detections.empty(), None)]
    )
    tasks = [SegmentTask(INFO, chunk, 0, DecodeSettings(), frozenset()) for chunk in plan(INFO, 10)]
    return [
        one.motion.to_numbers()
        for task, kept in zip(tasks, last, strict=True)
        for one in seen_frames(segmenter, task, kept)
    ]


def test_the_frame_before_a_chunk_is_not_decoded_where_the_worker_has_just_seen_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone, together = Decoder(), Decoder()
    apart = motions(alone, [LastPicture() for _ in range(4)], monkeypatch)
    assert motions(together, [LastPicture()] * 4, monkeypatch) == apart
    assert alone.spans == [(0, 10), (9, 20), (19, 30), (29, 40)]
    assert together.spans == [(0, 10), (10, 20), (20, 30), (30, 40)]
    assert all(np.allclose(one, apart[1], atol=0.3) for one in apart[1:])


def test_behind_damage_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = Decoder(flawed=12)
    motions(decoder, [LastPicture()] * 4, monkeypatch)
    assert decoder.spans == [(0, 10), (10, 20), (19, 30), (30, 40)]
