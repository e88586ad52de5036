"""A network that needs no TensorFlow: it finds the bright squares that `write_traffic` paints."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import av
import cv2
import numpy as np

from pipeline.networks.describe import NetworkDescription
from pipeline.run.reach import check_reach
from pipeline.run.segment_worker import Segmented, damage_of
from pipeline.structures.detections import Detections
from pipeline.video.read.decode import decode_rgb
from pipeline.video.read.gaps import patched

SIZE = (160, 96)
TICK = Fraction(1, 600)
NAMES = {1: "person", 3: "car"}


def write_traffic(path: Path, frames: int = 40, *, gop: int = 8, sound: bool = True, step: int = 20) -> Path:
    """Three squares: one drives to the right by 2 px a frame, two small ones stand, the upper one up to frame 9."""
    options = {
        "x264-params": f"keyint={gop}:min-keyint={gop}:open-gop=1:bframes=2:scenecut=0",
        "crf": "16",
        "preset": "ultrafast",
    }
    with av.open(str(path), "w", container_options={"video_track_timescale": "600"}) as out:
        video = out.add_stream("libx264", rate=Fraction(30), options=options)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.codec_context.time_base = video.time_base = TICK
        audio = out.add_stream("aac", rate=48000) if sound else None
        for number in range(frames):
            picture = np.full((SIZE[1], SIZE[0], 3), 40, np.uint8)
            left = 4 + 2 * (number % 50)
            picture[30:60, left : left + 30] = 220
            picture[70:86, 120:136] = 220
            picture[4:16, 144:156] = 220 if number < 10 else 40
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number * step + (number % 3), TICK
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio is not None:
            tone = (np.sin(np.arange(1600 * frames) / 20) * 9000).astype(np.float32)[None] / 32768
            sounded = av.AudioFrame.from_ndarray(np.ascontiguousarray(tone), "fltp", "mono")
            sounded.sample_rate, sounded.pts, sounded.time_base = 48000, 0, Fraction(1, 48000)
            resampler = av.AudioResampler("fltp", "stereo", 48000, frame_size=1024)
            for part in [*resampler.resample(sounded), *resampler.resample(None)]:
                out.mux(audio.encode(part))
            out.mux(audio.encode(None))
    return path


def write_damaged(source: Path, path: Path, frames: Iterable[int]) -> Path:
    """The video with these frames, numbered as they are shown, overwritten by zeros."""
    content = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        packets = sorted((p for p in container.demux(video=0) if p.size), key=lambda packet: packet.pts)
    for number in frames:
        start, size = packets[number].pos, packets[number].size
        content[start : start + size] = bytes(size)
    path.write_bytes(content)
    return path


def describe(model, device):
    """The fake network before it is loaded."""
    return NetworkDescription(NAMES, f"digest of {model}", "fake")


class FakeWorker:
    """Stands for SegmentWorker. FAKE_FAIL names chunks that always fail, FAKE_DELAY seconds a frame."""

    looked_at: ClassVar[list[int]] = []

    def __init__(self, settings, threads=None):
        self.settings = settings

    def setup(self):
        return NAMES

    def process(self, task):
        check_reach(task.info.path, task.size, task.packets)
        if str(task.chunk.index) in os.environ.get("FAKE_FAIL", "").split(","):
            raise ArithmeticError("the network is not in the mood")
        info = task.info
        decoded = patched(
            info,
            task.chunk,
            lambda span: decode_rgb(
                info,
                span,
                info.width,
                info.height,
                packets=task.packets,
                damaged="repeat",
                deinterlace=task.decode.deinterlace,
            ),
        )
        found, seen = [], []
        for frame in decoded:
            time.sleep(float(os.environ.get("FAKE_DELAY", "0")))
            found.append(bright_squares(frame.picture))
            seen.append(replace(frame, picture=None))
        self.looked_at.append(task.chunk.index)
        return Segmented(found, damage_of(seen), 1.0, 0.5, sum(frame.fitted for frame in seen))

    def close(self):
        pass


def bright_squares(picture):
    bright = (picture[..., 0] > 128).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(bright)
    boxes = [
        [left, top, left + width, top + height] for left, top, width, height, area in stats[1:] if area > 50
    ]
    large = [box[2] - box[0] > 24 for box in boxes]
    order = np.argsort([not is_large for is_large in large], kind="stable")
    rows = len(boxes)
    return Detections(
        boxes=np.array(boxes, np.float32).reshape(rows, 4)[order],
        scores=np.array([0.9 if is_large else 0.6 for is_large in large], np.float32)[order],
        class_ids=np.array([3 if is_large else 1 for is_large in large], np.int32)[order],
        roi_masks=np.full((rows, 28, 28), 255, np.uint8),
    )
