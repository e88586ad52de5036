"""Time of a batch of pictures beside that of its network: `python benchmarks/pictures.py PICTURE ... [--count 200]`.

In turns in one process: the network alone, by as many threads as it has use for, over pictures that lie in memory in
its own size; and the whole batch, from files to files. Each gives seconds and CPU milliseconds a picture, the better of
the turns; seconds mean something on a quiet machine alone. `beside` is the batch's CPU time less the network's.
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

from pipeline.pictures.batch import segment_pictures
from pipeline.pictures.job import PictureJob
from pipeline.pictures.one_picture import Finder
from pipeline.pictures.read import read_picture
from pipeline.segment.segmenter import Segmenter
from pipeline.segment.settings import SegmentSettings
from pipeline.workers.allocator import keep_memory


def main() -> None:
    """Print the figures, and write them to benchmarks/results/pictures.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", nargs="+", type=Path, help="taken in turn until there are enough")
    parser.add_argument("--count", type=int, default=200, help="pictures of a batch")
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    keep_memory()  # as the command does
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.pictures, options.count, options.turns, Path(folder))
    for name, value in found.items():
        print(f"{name:40}{value:9.2f}")
    write(RESULTS / "pictures.json", {"machine": machine(), "count": options.count, **found})


def measure(pictures: list[Path], count: int, turns: int, folder: Path) -> dict[str, float]:
    """The figures of a batch of `count`, in a folder that is there."""
    source, settings = folder / "in", SegmentSettings()
    source.mkdir()
    for number in range(count):
        one = pictures[number % len(pictures)]
        shutil.copy(one, source / f"{number:06d}{one.suffix}")
    finder, segmenter = Finder(settings), Segmenter(settings)
    segmenter.setup()
    seen = [_as_the_network_sees(path, segmenter) for path in pictures]
    job = PictureJob((str(source),), f"{folder}/out/", segment=settings, force=True)

    def network() -> None:
        with ThreadPoolExecutor(segmenter.callers) as threads:
            list(threads.map(lambda number: segmenter.look(seen[number % len(seen)]), range(count)))

    def batch() -> None:
        shutil.rmtree(folder / "out", ignore_errors=True)
        results = segment_pictures(job, finder=finder)
        assert all(result.state == "done" for result in results)

    finder.look(read_picture(pictures[0]))
    segmenter.look(seen[0])
    times = [(_spent(network), _spent(batch)) for _ in range(turns)]
    alone, whole = (tuple(map(min, zip(*each, strict=True))) for each in zip(*times, strict=True))
    return {
        "network alone, seconds": alone[0],
        "batch, seconds": whole[0],
        "ratio of seconds": whole[0] / alone[0],
        "network alone, CPU ms a picture": 1000 * alone[1] / count,
        "batch, CPU ms a picture": 1000 * whole[1] / count,
        "beside, CPU ms a picture": 1000 * (whole[1] - alone[1]) / count,
        "ratio of CPU time": whole[1] / alone[1],
    }


def _as_the_network_sees(path: Path, segmenter: Segmenter) -> NDArray[np.uint8]:
    """A batch of one, uint8 [1, h, w, 3]."""
    picture = read_picture(path)
    return picture.shrunk(*segmenter.frame_size(picture.width, picture.height, None))[None]


def _spent(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds, and CPU seconds of this process."""
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - cpu


if __name__ == "__main__":
    main()
