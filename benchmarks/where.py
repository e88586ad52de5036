"""Where the CPU time of a whole command goes: `python benchmarks/where.py CLIP [-- OPTIONS OF seg-video]`.

The command runs in this process alone (`--workers 0`), one thing after the other, and each step's CPU time is taken
without that of the steps within it, threads of libraries included. So the figures add up, and hardly move on a machine
that others use too. What is new to a process (imports, the network's compilation) is told apart. Prints a table of CPU
seconds and of milliseconds a frame, and writes it to benchmarks/results/where.json.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from machine import RESULTS, machine, write

from pipeline.workers.allocator import allocator_settings

#: Step, module, and the function or method whose time it is.
STEPS = (
    ("probe the source, choose the encoder", "pipeline.run.run_videos", "plan_run"),
    ("compile the network", "pipeline.networks.mask_rcnn", "_on_openvino"),
    ("compile the network", "pipeline.model.staged.compiled", "CompiledStages.__init__"),
    ("compile the network", "pipeline.model.staged.compiled", "CompiledStages._make"),
    ("read packets", "pipeline.video.read.packets", "_read"),
    ("decode", "pipeline.video.read.decode", "_fed"),
    ("scale and convert to RGB", "pipeline.video.read.decode", "to_rgb"),
    ("camera motion: the grey picture", "pipeline.video.read.decode", "to_grey"),
    ("camera motion", "pipeline.run.work.segment_worker", "camera_motion"),
    ("network: preprocess", "pipeline.model.staged.predictor", "preprocess_into"),
    ("network: backbone, FPN, RPN", "pipeline.model.staged.compiled", "StageRequests.dense"),
    ("network: proposals", "pipeline.model.staged.predictor", "proposals_of"),
    ("network: where regions are sampled", "pipeline.model.staged.predictor", "_samples"),
    ("network: box head", "pipeline.model.staged.compiled", "StageRequests.boxes"),
    ("network: detections", "pipeline.model.staged.predictor", "detect"),
    ("network: mask head", "pipeline.model.staged.compiled", "StageRequests.masks"),
    ("segment: the rest", "pipeline.run.work.segment_worker", "SegmentWorker.process"),
    ("store detections", "pipeline.run.flow", "write_detections"),
    ("track", "pipeline.track.film_tracker", "FilmTracker.follow"),
    ("plan labels", "pipeline.render.label_planner", "LabelPlanner.follow"),
    ("join", "pipeline.run.flow", "join_detections"),
    ("read tracks and steady masks", "pipeline.run.flow", "painted_frames"),
    ("read tracks and steady masks", "pipeline.run.work.label_pass", "tracked_frames"),
    ("store tracks", "pipeline.run.work.track_pass", "write_tracks"),
    ("copy planes of the decoded frame", "pipeline.video.read.decode", "to_yuv"),
    ("paint", "pipeline.render.overlay", "Overlay.paint_over"),
    ("planes to the encoder", "pipeline.video.write.encode", "to_av"),
    ("encode", "pipeline.video.write.encode", "_encoded"),
    ("render: the rest", "pipeline.run.work.render_worker", "RenderWorker.process"),
    ("read the part back", "pipeline.video.write.encode", "_check"),
    ("prove the output", "pipeline.run.flow", "check_output"),
    ("mux", "pipeline.run.flow", "mux"),
)


class Stopwatch:
    """CPU seconds of each step, without the steps within it."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._open: list[str] = ["the rest of the driver"]
        self._since = time.process_time()

    def enter(self, step: str) -> None:
        """Begin a step within the one that is open."""
        self._book()
        self._open.append(step)

    def leave(self) -> None:
        """Go on with the step around it."""
        self._book()
        self._open.pop()

    def _book(self) -> None:
        now = time.process_time()
        self.seconds[self._open[-1]] += now - self._since
        self._since = now

    def timed(self, step: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time booked; what it yields is asked for within it too."""

        @functools.wraps(call)
        def run(*arguments: Any, **named: Any) -> Any:
            self.enter(step)
            try:
                made = call(*arguments, **named)
            finally:
                self.leave()
            return self._items(step, made) if isinstance(made, Iterator) else made

        return run

    def _items(self, step: str, items: Iterator[Any]) -> Iterator[Any]:
        while True:
            self.enter(step)
            try:
                item = next(items)
            except StopIteration:
                return
            finally:
                self.leave()
            yield item


class AtOnce:
    """In place of a pool of threads: does everything when it is submitted."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __enter__(self) -> AtOnce:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, call: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """A future that is done."""
        future: Future[Any] = Future()
        future.set_result(call(*arguments))
        return future


def main() -> int:
    """The command's exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("options", nargs="*", help="of seg-video, behind --")
    arguments = parser.parse_args()
    as_worker = {**os.environ, **allocator_settings()}
    if as_worker != dict(os.environ):
        # glibc reads them when a process starts, and they decide what fresh arrays cost.
        os.execve(sys.executable, [sys.executable, *sys.argv], as_worker)  # noqa: S606
    watch = Stopwatch()
    watch.enter("imports")
    put_in(watch)
    watch.leave()
    from pipeline.cli import main as command

    with tempfile.TemporaryDirectory() as folder:
        words = [str(arguments.clip), f"{folder}/out.mp4", "--workers", "0", "--quiet", *arguments.options]
        code = command(words)
        watch.enter("")
        show(watch.seconds, frames_of(arguments.clip), arguments.options)
    return code


def put_in(watch: Stopwatch) -> None:
    """Import all modules of the steps, and put the stopwatch around their functions."""
    for step, module, name in STEPS:
        owner = importlib.import_module(module)
        *way, last = name.split(".")
        for part in way:
            owner = getattr(owner, part)
        setattr(owner, last, watch.timed(step, getattr(owner, last)))
    for module in ("pipeline.run.work.segment_worker", "pipeline.video.write.encode"):
        importlib.import_module(module).ThreadPoolExecutor = AtOnce  # type: ignore[attr-defined]


def frames_of(clip: Path) -> int:
    """How many frames the clip has."""
    from pipeline.video.read.probe import probe

    return probe(clip.absolute()).frame_count


def show(seconds: Counter[str], frames: int, options: list[str]) -> None:
    """The table, in the order of the steps."""
    order = ["imports", *dict.fromkeys(step for step, _, _ in STEPS), "the rest of the driver"]
    print(f"{frames} frames {' '.join(options)}")
    for step in order:
        print(f"{step:40}{seconds[step]:8.2f} s{1000 * seconds[step] / frames:8.2f} ms a frame")
    total = sum(seconds.values())
    print(f"{'all':40}{total:8.2f} s{1000 * total / frames:8.2f} ms a frame")
    found = {"frames": frames, "options": options, "cpu_seconds": {step: seconds[step] for step in order}}
    write(RESULTS / "where.json", {"machine": machine(), **found})


if __name__ == "__main__":
    sys.exit(main())
