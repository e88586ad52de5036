"""A COCO folder whose labels two public networks made: boxes of one, pixels of the other.

    python research/label_with_teachers.py drive.mp4 outputs/taught nanodet_m.onnx deeplab_cityscapes.tflite
    python research/label_with_teachers.py my-data outputs/taught nanodet_m.onnx deeplab_cityscapes.tflite

Of a video every `--every`-th frame is labelled. Of a COCO folder the classes outside each picture's `label_scope` are
filled in beside the labels that it has. Teachers overlook objects, so they add nothing to a scope: a video's pictures
have an empty one. `sheet.png` shows a sample; look at it before training on them. Needs the extras `train` and
`teachers`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError, SegVideoError
from pipeline.labels.coco_folder import mask_runs, read_entries
from research.box_teacher import BoxTeacher
from research.pixel_teacher import PixelTeacher
from research.taught_labels import taught_annotations, unlabelled

NAMES = {1: "person", 2: "bicycle", 3: "car", 4: "motorcycle", 6: "bus", 8: "truck", 10: "traffic light",
         13: "stop sign"}  # fmt: skip
#: Colours of the sheet by category, RGB.
COLOURS = {1: (230, 60, 60), 2: (240, 160, 30), 3: (60, 140, 240), 4: (200, 80, 220), 6: (40, 200, 200),
           8: (120, 110, 240), 10: (90, 220, 90), 13: (250, 230, 60)}  # fmt: skip

Picture = tuple[str, NDArray[np.uint8], dict[str, Any], list[dict[str, Any]]]


def video_pictures(path: Path, every: int, longest: int) -> Iterator[Picture]:
    """Name, RGB pixels, record and known labels of every `every`-th frame, shrunk to `longest` px."""
    video, index = cv2.VideoCapture(str(path)), 0
    while True:
        there, frame = video.read()
        if not there:
            break
        if index % every == 0:
            scale = min(1.0, longest / max(frame.shape[:2]))
            if scale < 1.0:
                size = (round(frame.shape[1] * scale), round(frame.shape[0] * scale))
                frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
            record = {"source": "teachers", "sequence": path.stem, "view": "driver", "label_scope": []}
            yield f"{path.stem}_{index:06}.jpg", frame[..., ::-1].astype(np.uint8), record, []
        index += 1
    if index == 0:
        raise InputError(f"{path} has no frame that can be read", do="give a video or a COCO folder")


def folder_pictures(folder: Path) -> Iterator[Picture]:
    """The same of a COCO folder, with the labels that it has."""
    entries, names = read_entries(folder)
    for entry in entries:
        pixels = cv2.imread(str(entry.file), cv2.IMREAD_COLOR)
        if pixels is None:
            raise InputError(f"{entry.file} cannot be read as a picture")
        record = {"label_scope": sorted(names), **entry.record}
        yield entry.name, pixels[..., ::-1].astype(np.uint8), record, [dict(a) for a in entry.annotations]


def painted(pixels: NDArray[np.uint8], annotations: list[dict[str, Any]]) -> NDArray[np.uint8]:
    """The picture with its taught labels on it."""
    from pycocotools import mask as coco

    canvas = pixels.copy()
    for one in annotations:
        colour = COLOURS.get(one["category_id"], (255, 255, 255))
        if "segmentation" in one:
            inside = coco.decode(mask_runs(one["segmentation"], pixels.shape[:2])).astype(bool)
            canvas[inside] = (0.5 * canvas[inside] + 0.5 * np.array(colour)).astype(np.uint8)
        x, y, width, height = (round(value) for value in one["bbox"])
        cv2.rectangle(canvas, (x, y), (x + width, y + height), colour, 1 if "segmentation" in one else 2)
    return canvas


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="VIDEO|FOLDER")
    parser.add_argument("output", type=Path, metavar="OUT")
    parser.add_argument("boxes", type=Path, metavar="nanodet_m.onnx")
    parser.add_argument("pixels", type=Path, metavar="deeplab_cityscapes.tflite")
    parser.add_argument("--every", type=int, default=12, help="frames from one to the next (12)")
    parser.add_argument("--longest", type=int, default=960, help="px of a frame's long side (960)")
    parser.add_argument("--score", type=float, default=0.45, help="least score of a box (0.45)")
    parser.add_argument("--most", type=int, help="pictures at most")
    parser.add_argument(
        "--leave",
        action="append",
        default=[],
        metavar="SOURCE",
        help="of a folder, left as it is; repeatable",
    )
    try:
        label(parser.parse_args())
    except SegVideoError as error:
        sys.exit(str(error))


def label(arguments: argparse.Namespace) -> None:
    """Write the folder that the arguments ask for."""
    box_teacher = BoxTeacher(arguments.boxes, arguments.score)
    pixel_teacher = PixelTeacher(arguments.pixels)
    if arguments.source.is_dir():
        pictures = folder_pictures(arguments.source)
    else:
        pictures = video_pictures(arguments.source, arguments.every, arguments.longest)
    (arguments.output / "images").mkdir(parents=True, exist_ok=True)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    sample: list[NDArray[np.uint8]] = []
    for name, pixels, record, known in pictures:
        if len(images) == arguments.most:
            break
        taught = []
        if record.get("source") not in arguments.leave:
            boxes = unlabelled(box_teacher(pixels), known, frozenset(record["label_scope"]))
            labels = taught_annotations(boxes, pixel_teacher(pixels))
            taught = [{**one, "source": "teachers"} for one in labels]
        identity = len(images) + 1
        size = {"height": pixels.shape[0], "width": pixels.shape[1]}
        images.append({**record, "id": identity, "file_name": name, **size})
        for one in [*known, *taught]:
            annotations.append({**one, "id": len(annotations) + 1, "image_id": identity})
        file = arguments.output / "images" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
        if taught:
            sample.append(painted(pixels, taught))
    categories = [{"id": one, "name": name} for one, name in NAMES.items()]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (arguments.output / "annotations.json").write_text(json.dumps(content))
    write_sheet(sample, arguments.output / "sheet.png")
    taught_count = sum(one.get("source") == "teachers" for one in annotations)
    sys.stdout.write(f"{arguments.output}: {len(images)} pictures, {taught_count} taught labels\n")


def write_sheet(sample: list[NDArray[np.uint8]], path: Path) -> None:
    """Up to nine of the pictures, evenly chosen, three in a row."""
    if not sample:
        return
    chosen = [sample[int(place)] for place in np.linspace(0, len(sample) - 1, min(len(sample), 9))]
    tiles = [cv2.resize(one, (640, 360), interpolation=cv2.INTER_AREA) for one in chosen]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % 3)
    rows = [np.concatenate(tiles[start : start + 3], axis=1) for start in range(0, len(tiles), 3)]
    cv2.imwrite(str(path), np.concatenate(rows)[..., ::-1])


if __name__ == "__main__":
    main()
