"""Labels and detections by hand: rectangles in a small picture."""

from __future__ import annotations

import gzip
import json

import cv2
import numpy as np

from pipeline.evaluation.annotations import box_runs
from pipeline.evaluation.found import found_in
from pipeline.labels.truth import TrueObject, TruePicture
from pipeline.structures.detections import Detections

NAMES = {1: "person", 3: "car", 6: "bus", 8: "truck", 100: "vehicle"}
ALL = frozenset({1, 3, 6, 8})
SIZE = (96, 128)
CAR = (10, 10, 50, 40)  # x1, y1, x2, y2
ELSEWHERE = (70, 50, 110, 80)


def thing(box=CAR, category=3, *, box_only=False, ignored=False, track_id=None):
    """A labelled rectangle."""
    edges = np.array(box, np.float64)
    runs = None if box_only else box_runs(edges, SIZE)
    area = (edges[2] - edges[0]) * (edges[3] - edges[1])
    return TrueObject(category, edges, float(area), runs, ignored, track_id)


def picture(*objects, scope=ALL, name="a.png", file=None, frame=None):
    return TruePicture(name, *SIZE, tuple(objects), frozenset(scope), file, frame)


def detections(*rows):
    """Detections of rectangles given as (box, score, class id)."""
    count = len(rows)
    return Detections(
        boxes=np.array([box for box, _, _ in rows], np.float32).reshape(count, 4),
        scores=np.array([score for _, score, _ in rows], np.float32).reshape(count),
        class_ids=np.array([class_id for _, _, class_id in rows], np.int32).reshape(count),
        roi_masks=np.full((count, 28, 28), 255, np.uint8),
    )


def found(*rows, track_ids=None):
    """The same, as found in a picture."""
    ids = None if track_ids is None else np.array(track_ids, np.int64)
    return found_in(detections(*rows), SIZE, {one: one for one in NAMES}, 0.0, ids)


def write_folder(folder, labels, *, packed=True):
    """A COCO folder: file name -> (source, sequence, scope, [(box, category), ...]); grey pictures, bright things."""
    (folder / "images").mkdir(parents=True)
    records, annotations = [], []
    for number, (name, (source, sequence, scope, things)) in enumerate(labels.items()):
        pixels = np.full((*SIZE, 3), 60, np.uint8)
        for box, category in things:
            x1, y1, x2, y2 = box
            pixels[y1:y2, x1:x2] = 200
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": category,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "segmentation": [[x1, y1, x2, y1, x2, y2, x1, y2]],
                    "iscrowd": 0,
                }
            )
        cv2.imwrite(str(folder / "images" / name), pixels)
        record = {"id": number, "file_name": name, "height": SIZE[0], "width": SIZE[1]}
        records.append({**record, "source": source, "sequence": sequence, "label_scope": sorted(scope)})
    categories = [{"id": one, "name": name} for one, name in NAMES.items()]
    text = json.dumps({"images": records, "annotations": annotations, "categories": categories}).encode()
    (folder / ("annotations.json.gz" if packed else "annotations.json")).write_bytes(
        gzip.compress(text) if packed else text
    )
    return folder
