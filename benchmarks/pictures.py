"""Time of a batch of pictures beside that of its network: `python benchmarks/pictures.py PICTURE ... [--count 200]`.

In turns in one process: the network alone, over pictures that lie in memory in its own size; and the whole batch, from
files to files. `beside` is the batch's CPU time less the network's. First the network has all cores, as in the command,
so that the rest has none of its own; then all but one, and the batch lasts as long as the network alone if it never
waits for a picture. Each gives seconds and CPU milliseconds a picture, in the median of the turns.
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
    cores, found = usable_cores(), dict[str, dict[str, float]]()
    with tempfile.TemporaryDirectory() as folder:
        source = _copies(options.pictures, options.count, Path(folder) / "in")
        for threads in dict.fromkeys((cores, max(cores - 1, 1))):
            name = f"network on {threads} of {cores} cores"
            found[name] = measure(options.pictures, options.count, options.turns, source, threads)
            print(name)
            for what, value in found[name].items():
                print(f"  {what:40}{value:9.2f}")
    write(RESULTS / "pictures.json", {"machine": machine(), "count": options.count, **found})


def _copies(pictures: list[Path], count: int, folder: Path) -> Path:
    """The folder, made, with `count` pictures in it."""
    folder.mkdir()
    for number in range(count):
        one = pictures[number % len(pictures)]
        shutil.copy(one, folder / f"{number:06d}{one.suffix}")
    return folder


def measure(pictures: list[Path], count: int, turns: int, source: Path, threads: int) -> dict[str, float]:
    """The figures of a batch, the `count` pictures of the folder `source`, with so many threads for the network."""
    settings, output = SegmentSettings(), source.with_name("out")
    finder, segmenter = Finder(settings, threads), Segmenter(settings, threads)
    segmenter.setup()
    seen = [_as_the_network_sees(path, segmenter) for path in pictures]
    job = PictureJob((str(source),), f"{output}/", segment=settings, force=True)

    def network() -> None:
        with ThreadPoolExecutor(segmenter.callers) as pool:
            list(pool.map(lambda number: segmenter.look(seen[number % len(seen)]), range(count)))

    def batch() -> None:
        shutil.rmtree(output, ignore_errors=True)
        results = segment_pictures(job, finder=finder)
        assert all(result.state == "done" for result in results)

    finder.look(read_picture(pictures[0]))
    segmenter.look(seen[0])
    times = [(_spent(network), _spent(batch)) for _ in range(turns)]
    alone, whole = (np.median(each, axis=0) for each in zip(*times, strict=True))
    return {
        "network alone, seconds": alone[0],
        "batch, seconds": whole[0],
        "ratio of seconds": float(np.median([both[0] / one[0] for one, both in times])),
        "network alone, CPU ms a picture": 1000 * alone[1] / count,
        "batch, CPU ms a picture": 1000 * whole[1] / count,
        "beside, CPU ms a picture": 1000 * (whole[1] - alone[1]) / count,
        "ratio of CPU time": float(np.median([both[1] / one[1] for one, both in times])),
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
