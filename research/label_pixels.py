"""Labels of pixels by a teacher, for videos and pictures that nobody has labelled.

    cp -r camvid outputs/train/pixels
    python -m research.label_pixels outputs/train/pixels \
        deeplab_mobilenet_edgetpu_slim_cityscapes_quant.tflite VIDEO|PICTURES... --every 15

adds every `--every`-th picture or frame to the folder's `images/` and `labels/`, in CamVid's numbers, and its name to
`train.txt`. Labelled is what the teacher is sure to be sky, building, road, pavement or tree, unless the network's own
branch calls it sky, road or something thin. All else stays open. `sheet.png` shows a sample; look at it before training
on them: by night the teacher takes all for a car. Needs the extra `teachers`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SegVideoError
from pipeline.labels.choose import read_list
from pipeline.networks.registry import load
from pipeline.networks.settings import LoadSettings
from pipeline.pictures.kinds import is_picture
from pipeline.pictures.read import read_picture
from pipeline.structures.panoptic_segmenter import PanopticSegmenter
from pipeline.structures.pixel_classes import VOID, PixelClasses
from research.label_in_agreement import video_pictures, write_sheet
from research.pixel_teacher import PixelTeacher

#: From this share on the teacher is believed. On every ninth of CamVid's pictures for training it is then right in 0.97
#: or more of sky, 0.83 of buildings, 0.86 of road, 0.89 of pavement and 0.64 of trees, whose thin twigs CamVid calls
#: sky; `docs/training.md` has the table.
SURE = 0.8
#: The classes in which it is believed. Objects are not among them: bonnets, dark walls and wet roads are cars to it.
BELIEVED = ("sky", "building", "road", "pavement", "tree")
#: What the branch knows better: the teacher sees trees and buildings in plain sky and road, and with cells of 16 px
#: takes thin things for what is behind them.
KNOWN = ("sky", "road", "pole", "sign", "fence")
#: Longer side in px of what is kept: CamVid's own are 480.
_LONGEST = 800


def labels_of(
    shares: NDArray[np.float32], own: NDArray[np.uint8], classes: PixelClasses
) -> NDArray[np.uint8]:
    """Class map uint8 [H, W] of the teacher's shares [H, W, 11], VOID where none is believed.

    own : what the network's branch says, uint8 [H, W], numbers of `classes`.
    """
    best = shares.argmax(axis=-1).astype(np.uint8)
    believed, known = ([classes.names.index(name) for name in names] for names in (BELIEVED, KNOWN))
    agreed = (own == best) | ~np.isin(own, known)
    sure = (shares.max(axis=-1) >= SURE) & np.isin(best, believed) & agreed
    return np.where(sure, best, VOID).astype(np.uint8)


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", type=Path, metavar="FOLDER")
    parser.add_argument("teacher", type=Path, metavar="DEEPLAB.tflite")
    parser.add_argument("sources", type=Path, nargs="+", metavar="VIDEO|PICTURES")
    parser.add_argument("--every", type=int, default=15, help="frames or pictures from one to the next (15)")
    parser.add_argument("--list", type=Path, metavar="FILE", help="names of the folders' pictures to take")
    try:
        added = label(parser.parse_args())
    except SegVideoError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{added} pictures labelled\n")


def label(arguments: argparse.Namespace) -> int:
    """Add to the folder that the arguments name; how many pictures. Raises InputError, WeightsError."""
    teacher = PixelTeacher(arguments.teacher)
    network = cast(PanopticSegmenter, load("dashcam-lite", LoadSettings(pixel_classes=True)))
    classes = network.classes
    only = read_list(arguments.list) if arguments.list else None
    images, labelled = arguments.output / "images", arguments.output / "labels"
    for folder in (images, labelled):
        folder.mkdir(parents=True, exist_ok=True)
    sample = []
    with (arguments.output / "train.txt").open("a", encoding="utf-8") as listed:
        for file, pixels in _pictures(arguments.sources, arguments.every, only):
            rgb = _small(pixels)
            ((_, seen),) = network.segment_with_classes(rgb[None])
            own = cv2.resize(seen, rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
            labels = labels_of(teacher(rgb), np.asarray(own, np.uint8), classes)
            cv2.imwrite(str(images / file), rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
            cv2.imwrite(str((labelled / file).with_suffix(".png")), labels)
            listed.write(f"{Path(file).stem}\n")
            sample.append(painted(rgb, labels, classes))
    write_sheet(sample, arguments.output / "sheet.png")
    return len(sample)


def _pictures(
    sources: Sequence[Path], every: int, only: frozenset[str] | None
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Name and RGB pixels of each picture that is to be labelled."""
    for source in sources:
        if not source.is_dir():
            yield from ((name, pixels) for name, pixels, _, _ in video_pictures(source, every))
            continue
        files = [file for file in sorted(source.iterdir()) if is_picture(file)]
        chosen = [file for file in files if only is None or file.name in only]
        for file in chosen[::every]:
            yield f"{source.name}_{file.stem}.jpg", read_picture(file).in_8_bit()[0]


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = min(_LONGEST / max(pixels.shape[:2]), 1.0)
    size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def painted(rgb: NDArray[np.uint8], labels: NDArray[np.uint8], classes: PixelClasses) -> NDArray[np.uint8]:
    """The picture half covered by its classes' colours, 640 px wide; what is open as it is."""
    table = np.zeros((256, 3), np.uint8)
    table[: len(classes)] = classes.colours
    covered = np.where((labels == VOID)[..., None], rgb, rgb // 2 + table[labels] // 2)
    return np.asarray(
        cv2.resize(covered.astype(np.uint8), (640, 360), interpolation=cv2.INTER_AREA), np.uint8
    )


if __name__ == "__main__":
    main()
