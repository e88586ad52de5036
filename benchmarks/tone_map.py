"""Cost of tone-mapping: `python benchmarks/tone_map.py` measures milliseconds a frame of a PQ clip that it makes.

One core. The clip is ffmpeg's test picture with some noise, 1080p, 10 bit, tagged as PQ. Prints a table.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from hostile_files import ffmpeg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pipeline.structures.chunk import Chunk  # noqa: E402
from pipeline.video.read.decode import decode_rgb, decode_yuv  # noqa: E402
from pipeline.video.read.probe import probe  # noqa: E402

CLIP = ["-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=1,noise=alls=8:allf=t", "-c:v", "libx265"]
X265 = ["-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params"]
PQ = "log-level=error:colorprim=bt2020:colormatrix=bt2020nc:transfer=smpte2084"

#: Passes over the clip; the fastest counts, and the first makes the table.
PASSES = 4


def main() -> int:
    """0, when all is measured."""
    with tempfile.TemporaryDirectory() as folder:
        info = probe(ffmpeg(Path(folder) / "pq.mp4", *CLIP, *X265, PQ))
        whole = Chunk(0, 0, info.frame_count, info.start_pts, None)
        passes: dict[str, Callable[[], Iterable[object]]] = {
            "decoded, HDR kept": lambda: decode_yuv(info, whole),
            "decoded and tone-mapped": lambda: decode_yuv(info, whole, tone_map=True),
            "for the network, 640x384": lambda: decode_rgb(info, whole, 640, 384),
        }
        for name, frames in passes.items():
            print(f"{name:26s} {1000 * min(seconds(frames) for _ in range(PASSES)):6.1f} ms a 1080p frame")
    return 0


def seconds(frames: Callable[[], Iterable[object]]) -> float:
    """Of one frame."""
    began = time.perf_counter()
    count = sum(1 for _ in frames())
    return (time.perf_counter() - began) / count


if __name__ == "__main__":
    sys.exit(main())
