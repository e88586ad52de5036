"""A COCO folder out of pictures with a class for every pixel: where no road user can be, and where one may be.

    python -m research.pixel_regions camvid outputs/train/camvid --list camvid/train.txt

The folder has `images/NAME.jpg` and `labels/NAME.png` with the classes of CamVid as SegNet numbers them. Pixels do not
tell one car from the next, so that a region of cars becomes an `iscrowd` box, which no loss looks into; all that lies
beside such boxes is road, building, pole, tree or sky for certain, and every class is in scope there.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError, SegVideoError
from pipeline.labels.choose import read_list
from research.label_in_agreement import NAMES

#: Classes of pixels whose regions may hold an object, with its category: a sign may be a traffic light, and pixels
#: without a class anything.
REGIONS = {8: 3, 9: 1, 10: 1, 6: 10, 11: 3}
#: Side in px of what is taken away from pixels without a class: they also line the other classes' borders.
_SEAM = 5
#: px that a region's box is widened by, as contours are drawn by hand; and px of a region that counts.
_MARGIN, _LEAST = 4, 12


def regions(classes: NDArray[np.uint8]) -> list[tuple[int, tuple[float, float, float, float]]]:
    """Category and box x, y, width, height of each region of class ids uint8 [H, W] that may hold an object."""
    height, width = classes.shape
    found = []
    for pixel_class, category in REGIONS.items():
        mask = (classes == pixel_class).astype(np.uint8)
        if pixel_class == 11:
            mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((_SEAM, _SEAM), np.uint8)).astype(np.uint8)
        _, _, rows, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        for x, y, w, h, area in rows[1:]:
            if area < _LEAST:
                continue
            x1, y1 = max(int(x) - _MARGIN, 0), max(int(y) - _MARGIN, 0)
            x2, y2 = min(int(x + w) + _MARGIN, width), min(int(y + h) + _MARGIN, height)
            found.append((category, (float(x1), float(y1), float(x2 - x1), float(y2 - y1))))
    return found


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="FOLDER")
    parser.add_argument("output", type=Path, metavar="OUT")
    parser.add_argument("--list", type=Path, required=True, help="names of the pictures to take, one a line")
    arguments = parser.parse_args()
    try:
        write_regions(arguments.source, arguments.output, sorted(read_list(arguments.list)))
    except SegVideoError as error:
        sys.exit(str(error))


def write_regions(source: Path, output: Path, names: list[str]) -> None:
    """Write the COCO folder of the pictures named."""
    (output / "images").mkdir(parents=True, exist_ok=True)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for identity, name in enumerate(names, 1):
        file, labels = source / "images" / f"{name}.jpg", source / "labels" / f"{name}.png"
        classes = cv2.imread(str(labels), cv2.IMREAD_UNCHANGED)
        if not file.is_file() or classes is None or classes.ndim != 2:
            raise InputError(f"{file} and {labels} are not a picture and its classes of pixels.")
        shutil.copyfile(file, output / "images" / file.name)
        images.append(
            {"id": identity, "file_name": file.name, "height": classes.shape[0], "width": classes.shape[1],
             "source": "camvid", "view": "driver", "label_scope": list(NAMES)}
        )  # fmt: skip
        for category, box in regions(classes.astype(np.uint8)):
            annotations.append(
                {"id": len(annotations) + 1, "image_id": identity, "category_id": category, "iscrowd": 1,
                 "bbox": list(box), "area": box[2] * box[3]}
            )  # fmt: skip
    categories = [{"id": one, "name": name} for one, name in NAMES.items()]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (output / "annotations.json").write_text(json.dumps(content))
    sys.stdout.write(f"{output}: {len(images)} pictures, {len(annotations)} regions\n")


if __name__ == "__main__":
    main()
