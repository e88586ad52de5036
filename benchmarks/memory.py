"""Does memory grow with the length? `python benchmarks/memory.py CLIP`: the whole command on 1 and on 10 minutes.

The clip is scaled to 1080p once and then repeated without decoding. Memory is that of the command and all it has
started, as proportional set size. Prints a table, and writes benchmarks/results/memory.json.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import asdict
from pathlib import Path

import av
from machine import RESULTS, machine, write
from whole_command import loop, whole_command


def main() -> int:
    """0 if all runs have succeeded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--model", default="dashcam-lite")
    parser.add_argument("--minutes", type=float, nargs="+", default=[1.0, 10.0])
    parser.add_argument("--fps", type=int, help="frames a second to thin the clip out to (its own)")
    parser.add_argument("options", nargs="*", help="of seg-video, behind --")
    arguments = parser.parse_args()
    found = []
    print("minutes  frames  peak MB  frames/s")
    with tempfile.TemporaryDirectory() as folder:
        large = scaled(arguments.clip, Path(folder) / "large.mp4", arguments.fps)
        for minutes in arguments.minutes:
            looped = loop(large, Path(folder) / "looped.mp4", 60 * minutes)
            out = Path(folder) / f"{minutes}.mp4"
            run = whole_command([str(looped), str(out), "--model", arguments.model, *arguments.options])
            found.append({"minutes": minutes, "fps": arguments.fps, **asdict(run)})
            print(f"{minutes:7.1f}  {run.frames:6d}  {run.peak_mb:7.0f}  {run.rate:8.2f}", flush=True)
    write(RESULTS / "memory.json", {"machine": machine(), "runs": found})
    return 0


def scaled(clip: Path, path: Path, fps: int | None) -> Path:
    """The clip's video at 1920x1080, a frame in so many that `fps` a second are left."""
    with av.open(str(clip)) as source, av.open(str(path), "w") as out:
        stream = source.streams.video[0]
        assert stream.average_rate is not None
        every = 1 if fps is None else max(round(stream.average_rate / fps), 1)
        rate = stream.average_rate / every
        target = out.add_stream("libx264", rate=rate, options={"crf": "23", "g": "50"})
        target.width, target.height, target.pix_fmt = 1920, 1080, "yuv420p"
        for number, frame in enumerate(source.decode(stream)):
            if number % every == 0:
                large = frame.reformat(1920, 1080, "yuv420p")
                large.pts, large.time_base = number // every, 1 / rate
                out.mux(target.encode(large))
        out.mux(target.encode())
    return path


if __name__ == "__main__":
    raise SystemExit(main())
