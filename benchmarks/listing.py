"""The driver of a large job, with all else pretended: what it costs to plan a listing, to share it, to feed workers.

    python benchmarks/listing.py plan             # listings of 1,000 to 100,000 videos
    python benchmarks/listing.py jobs             # one to eight jobs that share a listing of 1,000 videos
    python benchmarks/listing.py workers [CLIP]   # one to 64 workers that give one driver their chunks

Pretended are: the storage (a page of names costs nothing), in `jobs` all work on a video (it waits), in `workers` the
workers and the clock: each worker gives what a real one has given before, after the time that it would take, and the
clock counts the CPU time of the driver and its waits, so that neither the machine's other work nor its disk is in it.
Real are all files, locks and flushes, and in `workers` all that the driver does. Every row of `plan` and `workers` is a
process of its own. Other seconds are those of the clock, `cpu` those of the driver's process; memory is what the
process has above what it had before.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pipeline.job.inputs import Pair  # noqa: E402
from pipeline.job.request import JobRequest, make_request  # noqa: E402
from pipeline.loading.given import Given  # noqa: E402
from pipeline.record.listing import SHARDS, ListingRecord, VideoOutcome  # noqa: E402
from pipeline.run import run_listing as listing  # noqa: E402
from pipeline.run.pools import RENDER, SEGMENT, RunPools  # noqa: E402
from pipeline.run.report.events import Event, Progressed, Ready  # noqa: E402
from pipeline.run.run_videos import VideoResult, run_videos  # noqa: E402
from pipeline.run.stopping import StopSignal  # noqa: E402
from pipeline.run.work.render_worker import Rendered  # noqa: E402
from pipeline.storage.listing import ListedObject  # noqa: E402
from pipeline.workers.contract import PoolSpec, TaskResult  # noqa: E402
from pipeline.workers.in_process import InProcessPools  # noqa: E402
from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file  # noqa: E402

#: Seconds that a pretended video takes its job.
VIDEO_SECONDS = 0.02

#: Frames a second of a pretended worker: a core that finds objects, and one that paints and encodes.
FRAMES_A_SECOND = {SEGMENT: 10.0, RENDER: 50.0}

#: A short clip, and a film that has several chunks for each of 64 workers.
FILM_SECONDS = (10, 30)

#: Frames of a chunk.
CHUNK_FRAMES = 8


class Silent:
    """Hears everything and keeps nothing."""

    def tell(self, event: Event) -> None:
        """Take an event."""


def main() -> None:
    """Print a line of JSON for each row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("plan", "jobs", "workers"))
    parser.add_argument("clip", nargs="?", default="sample_videos/drive.mp4")
    options = parser.parse_args()
    if options.part == "plan":
        rows = (_apart(plan, count) for count in (1_000, 10_000, 100_000))
    elif options.part == "jobs":
        rows = (share(count) for count in (1, 2, 4, 8))
    else:
        rows = feed(options.clip)
    for row in rows:
        print(json.dumps(row), flush=True)


def _apart(call: Callable[..., Any], *arguments: Any) -> Any:
    """The result of a call in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(call, *arguments).result()


def plan(count: int) -> dict[str, Any]:
    """Plan a listing, look at it when all of it is done, and run its job again."""
    pretend_storage(count)
    os.chdir(tempfile.mkdtemp(prefix="listing-"))
    asked = request(["s3://fleet/trips/"])
    record, before = ListingRecord(Path("planned")), peak_mb()
    planned = measured(lambda: record.write(asked.inputs, "", listing.listed_videos(asked)))
    memory = peak_mb() - before
    outcomes = record.folder / "outcomes"
    for number in range(SHARDS):
        ends = (VideoOutcome(video.key, "made", 1.0, 1800) for video in record.shard(number))
        lines = "".join(json.dumps(asdict(outcome)) + "\n" for outcome in ends)
        (outcomes / f"{number:02x}.jsonl").write_text(lines)
    looked = measured(record.status)
    assert record.status().left == 0
    job = listing._Job(asked, record, count, Silent(), StopSignal())  # a rerun's round: all is there
    again = measured(job.go_round)
    return {
        "videos": count,
        "plan": planned,
        "plan_mb": round(memory, 1),
        "status": looked,
        "round_of_a_rerun": again,
        "peak_mb": round(peak_mb() - before, 1),
    }


def share(jobs: int, count: int = 1_000) -> dict[str, Any]:
    """So many jobs on one listing, each a process: videos a second, and those that were begun more than once."""
    folder = tempfile.mkdtemp(prefix="listing-")
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(abs, range(jobs)))  # started
        began = time.monotonic()
        made = Counter(name for names in pool.map(_job, [folder] * jobs, [count] * jobs) for name in names)
        seconds = time.monotonic() - began
    return {
        "jobs": jobs,
        "videos_a_second": round(count / seconds, 1),
        "pretended_at_most": jobs / VIDEO_SECONDS,
        "missing": count - len(made),
        "twice": sum(made.values()) - len(made),
    }


def _job(folder: str, count: int) -> list[str]:
    """The videos that a job has made of the listing in `folder`."""
    pretend_storage(count)
    os.chdir(folder)
    made = []

    def make(pair: Pair, *_: Any) -> VideoResult:
        time.sleep(VIDEO_SECONDS)
        made.append(str(pair.source))
        return VideoResult(pair.source, pair.target, "made")

    listing.run_video = make
    listing.is_refused_unseen = lambda *_: False
    listing.claimed = lambda *_: nullcontext(enter_result=True)
    listing.run_listing(request(["s3://fleet/trips/"]), Silent(), StopSignal())
    return made


def feed(clip: str) -> Iterator[dict[str, Any]]:
    """One driver and one to 64 pretended workers of each kind, with what real ones have given; a process a row."""
    for seconds in FILM_SECONDS:
        with tempfile.TemporaryDirectory(prefix="listing-") as folder:
            film = f"{folder}/film.mp4"
            looped = from_file(Path(clip), stream_loop=-1, t=seconds)
            keyframes = {"g": CHUNK_FRAMES, "bf": 0, "vf": "scale=320:-2"}
            run_ffmpeg(
                to_file(Path(film), looped, an=None, preset="ultrafast", **keyframes), timeout_seconds=600
            )
            given: dict[tuple[str, int], Any] = {}
            _film(film, lambda given=given: Recording(given))
            for workers in (1, 4, 16, 64):
                yield {
                    "seconds_of_film": seconds,
                    "workers": workers,
                    **_apart(pretend, film, given, workers),
                }


def pretend(film: str, given: dict[tuple[str, int], Any], workers: int) -> dict[str, Any]:
    """Make a film with pretended workers; see `_film`."""
    Path("/proc/self/clear_refs").write_text("5")  # so that the peak counts from here
    before = peak_mb()
    row = _film(film, lambda: Pretended(given, workers))
    return {**row, "driver_mb": round(peak_mb() - before)}


def _film(film: str, pools: Callable[[], InProcessPools]) -> dict[str, Any]:
    """Make a film with these workers; chunks are counted when they are painted."""
    with tempfile.TemporaryDirectory(prefix="listing-") as folder:
        RunPools._make_workers = lambda self: pools()
        told = Timed()
        options = {"workers": 0, "chunk-frames": CHUNK_FRAMES, "every": 5}
        asked = make_request((film,), f"{folder}/out.mp4", Given(options))
        began, cpu = now(), time.process_time()
        (result,) = run_videos(asked, told, StopSignal())
        ended, cpu = now(), time.process_time() - cpu
    assert result.facts is not None
    frames, chunks, (ready, painted) = result.facts.frames, result.facts.chunks, told.span
    return {
        "chunks": chunks,
        "chunks_a_second": round(chunks / (painted - ready), 2),
        "frames_a_second": round(frames / (painted - ready), 1),
        "with_plan_and_proof": round(frames / (ended - began), 1),
        "driver_cpu_ms_a_frame": round(1000 * cpu / frames, 2),
    }


class Timed:
    """Hears when workers are ready, and when the last chunk was painted. span : of the pretended clock."""

    def __init__(self) -> None:
        self.span = (0.0, 0.0)

    def tell(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, Ready):
            self.span = now(), now()
        elif isinstance(event, Progressed) and event.counts.done["rendered"] < event.counts.frames:
            self.span = self.span[0], now()


class Recording(InProcessPools):
    """Real workers, whose results are kept by pool and chunk."""

    def __init__(self, given: dict[tuple[str, int], Any]) -> None:
        super().__init__()
        self._given, self._parts = given, dict[tuple[str, int], Path]()

    def submit(self, pool: str, key: Any, task: Any) -> None:
        """Take a task, and note where its part will lie."""
        self._parts[pool, task.chunk.index] = getattr(task, "part", Path())
        super().submit(pool, key, task)

    def wait(self, seconds: float) -> list[TaskResult]:
        """The results, as super has them."""
        results = super().wait(seconds)
        for result in results:
            place, value = (result.pool, result.key[1][1]), result.value
            is_part = isinstance(value, Rendered)
            self._given[place] = replace(value, content=self._parts[place].read_bytes()) if is_part else value
        return results


#: Seconds that this process would have waited for its pretended workers.
_waited = 0.0


def now() -> float:
    """The pretended clock: the CPU time of this process, and what it would have waited; others here do not count."""
    return time.process_time() + _waited


class Pretended(InProcessPools):
    """Workers that give what was given before, each after the time that its frames take."""

    def __init__(self, given: dict[tuple[str, int], Any], workers: int) -> None:
        super().__init__()
        self._given, self._count = given, workers
        self._ends: list[tuple[float, str, Any]] = []

    def add(self, spec: PoolSpec, begin: int = 1) -> None:
        """Nothing to start."""

    def setup_result(self, pool: str) -> None:
        """Nothing to wait for."""

    def has_room(self, pool: str) -> bool:
        """True while a worker of the pool is idle."""
        return sum(busy == pool for _, busy, _ in self._ends) < self._count

    def submit(self, pool: str, key: Any, task: Any) -> None:
        """Begin to wait."""
        self._ends.append((now() + len(task.chunk) / FRAMES_A_SECOND[pool], pool, key))

    def wait(self, seconds: float) -> list[TaskResult]:
        """The results of all waits that are over; if none is, of the first that will be."""
        global _waited
        _waited += max(min((end for end, *_ in self._ends), default=0) - now(), 0)
        over = [entry for entry in self._ends if entry[0] <= now()]
        self._ends = [entry for entry in self._ends if entry not in over]
        return [TaskResult(key, 1, value=self._given[pool, key[1][1]]) for _, pool, key in over]


def pretend_storage(count: int) -> None:
    """Let a listing tell so many videos, as a storage without any delay would."""

    def objects(prefix: str) -> Iterator[ListedObject]:
        for number in range(count):
            yield ListedObject(
                f"{prefix}car{number % 97:02d}/{number:07d}.mp4", 40_000_000, f'"{number:032x}"'
            )

    listing.objects_below = objects


def request(inputs: list[str]) -> JobRequest:
    """The job of a listing."""
    return make_request(tuple(inputs), "s3://fleet/masks/", Given({"workers": 0}))


def measured(call: Callable[[], Any]) -> dict[str, float]:
    """Seconds of a call."""
    began, cpu = time.monotonic(), time.process_time()
    call()
    return {"seconds": round(time.monotonic() - began, 2), "cpu": round(time.process_time() - cpu, 2)}


def peak_mb() -> float:
    """The most memory that this process had so far; `getrusage` would tell that of the process it came from."""
    (line,) = (
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
