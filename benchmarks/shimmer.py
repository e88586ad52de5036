"""How steadily classes are painted, over the class maps of finished runs: two lines for each run.

    python benchmarks/shimmer.py RUN.mp4.seg-run/detections.parquet ...

The first is of the maps as the network gave them, the second of those that are painted. Each map is compared with the
one before, carried along by the camera's motion, in shares of the pixels that both show: `changed` have another class
than before; `single` another than just before and just after, which agree; `flapping` changed and were the same class
again within half a second; `specks` lie in a patch of less than a 5000th of the map that no map just before or after
has a pixel of. Road and sky, if the network has them, also alone: pixels that came or went, over those of the class.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import machine  # noqa: F401  # the package of this checkout
import numpy as np
from numpy.typing import NDArray

from pipeline.render.film_classes import FilmClasses, carried_map
from pipeline.store.class_maps import ClassMapsFile, class_maps_beside
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import VOID, PixelClasses

FLAP_SECONDS, SPECK_SHARE = 0.5, 1 / 5000


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, help="files of stored detections, with class maps beside"
    )
    for path in parser.parse_args().runs:
        with DetectionsFile(path) as file:
            header = file.header
        with ClassMapsFile(class_maps_beside(path)) as file:
            numbers, classes = list(file.seconds), file.classes
            for name, steady in (("as found", False), ("as painted", True)):
                film = FilmClasses(
                    file.seconds,
                    file.read,
                    header.motion,
                    (header.width, header.height),
                    classes,
                    steady=steady,
                )
                figures = measured(header, numbers, [film.of(number) for number in numbers], classes)
                shares = (f"{key} {value:.3%}" for key, value in figures.items())
                print(path.parent.name.removesuffix(".seg-run"), name, *shares, sep="  ")


def measured(
    header: Header, numbers: Sequence[int], maps: Sequence[ClassMap], classes: PixelClasses
) -> dict[str, float]:
    """The figures of a film's maps, those of the frames `numbers`."""
    seconds = [float(header.seconds[number - header.first_frame]) for number in numbers]
    totals: dict[str, list[float]] = {}
    for place in range(1, len(maps) - 1):
        own = maps[place]
        before, after = (_carried(header, numbers, maps, other, place) for other in (place - 1, place + 1))
        seen = (before != VOID) & (after != VOID)
        changed = seen & (own != before)
        again = np.zeros(own.shape, bool)
        for other in range(place + 1, len(maps)):
            if seconds[other] - seconds[place] > FLAP_SECONDS:
                break
            again |= _carried(header, numbers, maps, other, place) == before
        found = {
            "changed": changed,
            "single": changed & (after == before),
            "flapping": changed & again,
            "specks": seen & _specks(own, before, after),
        }
        for key, where in found.items():
            totals.setdefault(key, []).append(where.sum() / seen.sum())
        for name in {"road", "sky"} & set(classes.names):
            number = classes.names.index(name)
            moved = seen & ((own == number) != (before == number))
            totals.setdefault(name, []).append(moved.sum() / max((seen & (own == number)).sum(), 1))
    return {key: float(np.mean(values)) for key, values in sorted(totals.items())}


def _carried(header: Header, numbers: Sequence[int], maps: Sequence[ClassMap], of: int, to: int) -> ClassMap:
    """The map of one place as the camera of another has it; VOID where it had not been in view."""
    first, last = sorted((numbers[of], numbers[to]))
    motion = np.eye(3)
    for number in range(first + 1, last + 1):
        motion = np.concatenate([header.motion(number).matrix, [[0.0, 0.0, 1.0]]]) @ motion
    return carried_map(maps[of], np.linalg.inv(motion) if of > to else motion, (header.width, header.height))


def _specks(own: ClassMap, before: ClassMap, after: ClassMap) -> NDArray[np.bool_]:
    """Pixels of the small patches of one class that the maps around have nothing of."""
    found = np.zeros(own.shape, bool)
    for number in np.unique(own).tolist():
        _, patches, facts, _ = cv2.connectedComponentsWithStats(
            (own == number).astype(np.uint8), connectivity=8
        )
        kept = np.unique(patches[(before == number) | (after == number)])
        small = facts[:, cv2.CC_STAT_AREA] < SPECK_SHARE * own.size
        small[kept] = small[0] = False
        found |= small[patches]
    return found


if __name__ == "__main__":
    main()
