"""Share of a network's detections that lie where pixels say that no road user is.

    python -m research.pixel_alarms camvid --list camvid/val.txt --model dashcam-lite

The folder is that of `research.pixel_regions`. A false alarm is an object of which less than a fifth lies on pixels
that may be of its kind: road users, or pixels without a class; for what hangs on poles, poles and signs.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from pipeline.errors import InputError, SegVideoError
from pipeline.labels.choose import read_list
from pipeline.networks.registry import load
from pipeline.structures.masks import PastedMask, paste_mask

#: Classes of pixels, as CamVid's are numbered, that a road user may lie on; and what hangs on poles.
ROAD_USERS, ON_POLES = (8, 9, 10, 11), (2, 6, 11)
#: Categories of what hangs on poles: traffic light, stop sign.
_HANGING = (10, 13)
_LEAST_SHARE = 0.2


def is_alarm(category: int, mask: PastedMask, classes: np.ndarray) -> bool:
    """True where an object's mask lies on pixels, of class ids uint8 [H, W], that cannot be of its kind."""
    rows, columns = mask.pixels.shape
    under = classes[mask.top : mask.top + rows, mask.left : mask.left + columns][mask.pixels]
    allowed = ON_POLES if category in _HANGING else ROAD_USERS
    return len(under) > 0 and float(np.isin(under, allowed).mean()) < _LEAST_SHARE


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="FOLDER")
    parser.add_argument("--list", type=Path, required=True, help="names of the pictures to take, one a line")
    parser.add_argument("--model", default="dashcam-lite", help="a network (dashcam-lite)")
    parser.add_argument("--conf", type=float, default=0.5, help="least score that is shown (0.5)")
    try:
        count(parser.parse_args())
    except SegVideoError as error:
        sys.exit(str(error))


def count(arguments: argparse.Namespace) -> None:
    """Print what the arguments ask for, a class a line."""
    network = load(arguments.model)
    shown: Counter[str] = Counter()
    alarms: Counter[str] = Counter()
    for name in sorted(read_list(arguments.list)):
        frame = cv2.imread(str(arguments.source / "images" / f"{name}.jpg"))
        classes = cv2.imread(str(arguments.source / "labels" / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        if frame is None or classes is None:
            raise InputError(f"{arguments.source} has no picture {name} with classes of its pixels.")
        (found,) = network.segment(np.ascontiguousarray(frame[..., ::-1]).astype(np.uint8)[None])
        for box, score, category, roi in zip(
            found.boxes, found.scores, found.class_ids, found.roi_masks, strict=True
        ):
            if score >= arguments.conf:
                label = network.class_names[int(category)]
                shown[label] += 1
                alarms[label] += is_alarm(int(category), paste_mask(roi, box, *frame.shape[:2]), classes)
    for label, number in shown.most_common():
        sys.stdout.write(f"{label}: {number} shown, {alarms[label]} of them where nothing is\n")


if __name__ == "__main__":
    main()
