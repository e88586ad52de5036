"""Time of a batch of pictures beside that of its network: `python benchmarks/pictures.py PICTURE ... [--count 200]`.

In turns in one process: the network alone, over pictures that lie in memory in its own size; and the whole batch, from
files to files. First the network has all cores, as in the command, so that the rest has none of its own; then all but
one; then none, as on a GPU: it answers after `--device-ms`, and all that it says was found before. `waited` is the time
in which a batch's network computed nothing, of which `at both ends` is that before its first picture and after its
last; `beside` is the batch's CPU time less the network's. Each in the median of the turns.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from machine import RESULTS, machine, write
from numpy.typing import NDArray

from pipeline.cores import usable_cores
from pipeline.pictures.batch import segment_pictures
from pipeline.pictures.job import PictureJob
from pipeline.pictures.one_picture import Finder
from pipeline.pictures.read import read_picture
from pipeline.segment.segmenter import Segmenter
from pipeline.segment.settings import SegmentSettings
from pipeline.structures.class_map import ClassMap
from pipeline.structures.detections import Detections
from pipeline.workers.allocator import keep_memory

Looked = tuple[Detections, ClassMap | None]


class Watched(Segmenter):
    """A network that notes when it is called. spans : begin and end of each call, in seconds."""

    def __init__(self, settings: SegmentSettings, threads: int) -> None:
        super().__init__(settings, threads)
        self.spans: list[tuple[float, float]] = []

    def look(self, frames: NDArray[np.uint8]) -> list[Looked]:
        """As any network."""
        begun = time.perf_counter()
        found = super().look(frames)
        self.spans.append((begun, time.perf_counter()))
        return found


class Elsewhere(Watched):
    """A network on a device of its own, one picture at a time in `seconds`; it finds the same in every picture."""

    batch = callers = 1

    def __init__(self, settings: SegmentSettings, seconds: float) -> None:
        super().__init__(settings, 1)
        self._seconds, self._found = seconds, list[Looked]()

    def look(self, frames: NDArray[np.uint8]) -> list[Looked]:
        """As any network."""
        begun = time.perf_counter()
        self._found = self._found or Segmenter.look(self, frames)
        time.sleep(max(begun + self._seconds - time.perf_counter(), 0))
        self.spans.append((begun, time.perf_counter()))
        return self._found


def main() -> None:
    """Print the figures, and write them to benchmarks/results/pictures.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", nargs="+", type=Path, help="taken in turn until there are enough")
    parser.add_argument("--count", type=int, default=200, help="pictures of a batch")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--device-ms", type=float, default=40.0, help="of the network that is elsewhere")
    options = parser.parse_args()
    keep_memory()  # as the command does
    cores, settings, found = usable_cores(), SegmentSettings(), dict[str, dict[str, float]]()
    networks: dict[str, Watched] = {
        f"network on {threads} of {cores} cores": Watched(settings, threads)
        for threads in dict.fromkeys((cores, max(cores - 1, 1)))
    }
    networks["network elsewhere"] = Elsewhere(settings, options.device_ms / 1000)
    with tempfile.TemporaryDirectory() as folder:
        source = _copies(options.pictures, options.count, Path(folder) / "in")
        for name, network in networks.items():
            found[name] = measure(options.pictures, options.count, options.turns, source, network)
            print(name)
            for what, value in found[name].items():
                print(f"  {what:40}{value:9.3f}")
    write(RESULTS / "pictures.json", {"machine": machine(), "count": options.count, **found})


def _copies(pictures: list[Path], count: int, folder: Path) -> Path:
    """The folder, made, with `count` pictures in it."""
    folder.mkdir()
    for number in range(count):
        one = pictures[number % len(pictures)]
        shutil.copy(one, folder / f"{number:06d}{one.suffix}")
    return folder


def measure(
    pictures: list[Path], count: int, turns: int, source: Path, segmenter: Watched
) -> dict[str, float]:
    """The figures of a batch, the `count` pictures of the folder `source`."""
    finder, output = Finder(segmenter), source.with_name("out")
    finder.look(read_picture(pictures[0]))
    seen = [_as_the_network_sees(path, segmenter) for path in pictures]
    job = PictureJob((str(source),), f"{output}/", segment=segmenter.settings, force=True)

    def network() -> None:
        with ThreadPoolExecutor(segmenter.callers) as pool:
            list(pool.map(lambda number: segmenter.look(seen[number % len(seen)]), range(count)))

    def batch() -> None:
        results = segment_pictures(job, finder=finder)
        assert all(result.state == "done" for result in results)

    network()
    times = []
    for _ in range(turns):
        shutil.rmtree(output, ignore_errors=True)
        times.append([*_spent(network, segmenter), *_spent(batch, segmenter)])
    finder.close()
    alone, alone_cpu, _, _, whole, whole_cpu, idle, ends = np.median(times, axis=0).tolist()
    ratios = np.median([[row[4] / row[0], row[5] / max(row[1], 1e-9)] for row in times], axis=0).tolist()
    return {
        "network alone, seconds": alone,
        "batch, seconds": whole,
        "ratio of seconds": ratios[0],
        "waited, seconds": idle,
        "waited at both ends, seconds": ends,
        "waited, share of the batch": idle / whole,
        "network alone, CPU ms a picture": 1000 * alone_cpu / count,
        "batch, CPU ms a picture": 1000 * whole_cpu / count,
        "beside, CPU ms a picture": 1000 * (whole_cpu - alone_cpu) / count,
        "ratio of CPU time": ratios[1],
    }


def _as_the_network_sees(path: Path, segmenter: Segmenter) -> NDArray[np.uint8]:
    """A batch of one, uint8 [1, h, w, 3]."""
    picture = read_picture(path)
    return picture.shrunk(*segmenter.frame_size(picture.width, picture.height, None))[None]


def _spent(work: Callable[[], None], segmenter: Watched) -> tuple[float, float, float, float]:
    """Seconds, CPU seconds of this process, those in which each caller of the network waited, and at both ends."""
    segmenter.spans.clear()
    began, cpu = time.perf_counter(), time.process_time()
    work()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    begins, ends = zip(*segmenter.spans, strict=True)
    busy = sum(end - begin for begin, end in segmenter.spans) / segmenter.callers
    return seconds, cpu, seconds - busy, seconds - (max(ends) - min(begins))


if __name__ == "__main__":
    main()
