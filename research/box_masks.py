"""Masks for labels that are boxes: the pixels in each that DeepLab calls by the box's class.

    python -m research.box_masks outputs/train/free deeplabv3_mnv2_pascal_quant.tflite

rewrites the folder's `annotations.json`. The network (Apache-2.0, 21 classes of Pascal VOC) looks at each box on its
own, enlarged, so that edges are finer than its 513 px of a whole picture. A box stays a box where the mask does not
reach its sides or does not fill it: there the two disagree about what is in it. Needs the extra `teachers`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SegVideoError, WeightsError
from pipeline.labels.coco_folder import read_entries
from research.boxes import overlap

#: Classes of Pascal VOC that a pixel of each category may be. It has no trucks: it takes them for buses, cars, trains.
PIXELS = {1: (15,), 2: (2,), 3: (7, 6), 4: (14, 2), 6: (6, 7, 19), 8: (6, 7, 19)}
#: Share of the box that a mask has to fill, and overlap of the mask's bounds with it.
_FILL, _THIN_FILL, _REACH = 0.5, 0.25, 0.7
_THIN = frozenset({1, 2, 4})
#: What is shown around a box, as a share of its longer side.
_AROUND = 0.2
#: Least side in px of a box that is looked at.
LEAST = 12.0


class BoxMasks:
    """Pixels of boxes; needs ai-edge-litert, of the extra `teachers`.

    Raises WeightsError where the file is no DeepLab.
    """

    def __init__(self, path: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._network: Any = Interpreter(str(path), num_threads=2)
            self._network.allocate_tensors()
            (given,), (made,) = self._network.get_input_details(), self._network.get_output_details()
        except (ValueError, RuntimeError) as damage:
            raise WeightsError(f"{path} cannot be used as a pixel teacher.", found=repr(damage)) from damage
        self._input, self._output, self._side = given["index"], made["index"], int(given["shape"][1])

    def __call__(
        self, frame: NDArray[np.uint8], box: NDArray[np.float32], category: int
    ) -> NDArray[np.bool_] | None:
        """Pixels bool [H, W] of the object in a box [4] px of a frame uint8 RGB [H, W, 3], or None if they disagree.

        category : one of PIXELS.
        """
        around = _AROUND * max(box[2:] - box[:2])
        limit = np.array([*frame.shape[1::-1], *frame.shape[1::-1]])
        seen = np.clip(box + around * np.array([-1, -1, 1, 1]), 0, limit)
        x1, y1, x2, y2 = np.round(seen).astype(int)
        left, top, right, bottom = np.clip(np.round(box), 0, limit).astype(int)
        shown = np.zeros(frame.shape[:2], bool)
        shown[y1:y2, x1:x2] = np.isin(self._classes(frame[y1:y2, x1:x2]), PIXELS[category])
        mask = np.zeros_like(shown)
        mask[top:bottom, left:right] = shown[top:bottom, left:right]
        return mask if agrees(mask, box, category) else None

    def _classes(self, part: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Class ids uint8 [h, w] of a part of a frame, which the network sees in its own shape, grey beside it."""
        height, width = part.shape[:2]
        scale = self._side / max(height, width)
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        canvas = np.full((self._side, self._side, 3), 128, np.uint8)
        canvas[: size[1], : size[0]] = cv2.resize(part, size, interpolation=cv2.INTER_LINEAR)
        self._network.set_tensor(self._input, canvas[None])
        self._network.invoke()
        classes = self._network.get_tensor(self._output)[0, : size[1], : size[0]].astype(np.uint8)
        return cv2.resize(classes, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.uint8)


def agrees(mask: NDArray[np.bool_], box: NDArray[np.float32], category: int) -> bool:
    """True where the mask fills the box [4] as such an object does, and reaches its sides."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return False
    bounds = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    share = mask.sum() / np.prod(box[2:] - box[:2])
    return bool(share >= (_THIN_FILL if category in _THIN else _FILL) and overlap(bounds, box) >= _REACH)


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("network", type=Path, metavar="deeplabv3_mnv2_pascal_quant.tflite")
    arguments = parser.parse_args()
    try:
        given, boxes = give_masks(arguments.folder, BoxMasks(arguments.network))
    except SegVideoError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{arguments.folder}: {given} of {boxes} boxes have a mask now\n")


def give_masks(folder: Path, masks: BoxMasks) -> tuple[int, int]:
    """Rewrite the folder's annotations; how many boxes have a mask now, and of how many.

    Raises InputError where the folder cannot be read.
    """
    from pycocotools import mask as coco  # of the extra `train`

    entries, names = read_entries(folder)
    given = boxes = 0
    annotations = []
    for entry in entries:
        only = [one for one in entry.annotations if one.get("box_only") and not one["iscrowd"]]
        pixels = cv2.imread(str(entry.file))[..., ::-1].astype(np.uint8) if only else None
        for one in entry.annotations:
            annotations.append(one)
            if pixels is None or one not in only:
                continue
            boxes += 1
            x, y, width, height = one["bbox"]
            box = np.array([x, y, x + width, y + height], np.float32)
            looked_at = one["category_id"] in PIXELS and min(width, height) >= LEAST
            mask = masks(pixels, box, one["category_id"]) if looked_at else None
            if mask is not None:
                given += 1
                runs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
                whole = {key: value for key, value in one.items() if key != "box_only"}
                annotations[-1] = {
                    **whole, "area": float(mask.sum()),
                    "segmentation": {"size": list(mask.shape), "counts": runs["counts"].decode()},
                }  # fmt: skip
    content = {
        "images": [entry.record for entry in entries],
        "annotations": annotations,
        "categories": [{"id": one, "name": name} for one, name in names.items()],
    }
    (folder / "annotations.json").write_text(json.dumps(content))
    return given, boxes


if __name__ == "__main__":
    main()
