"""A run's own file of detections, measured on a video's labels."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.evaluation.measure import measure_run
from pipeline.evaluation.settings import EvalSettings
from pipeline.evaluation.tracks.following import frame_overlaps
from pipeline.labels.truth import Truth
from pipeline.store.header import Header
from pipeline.store.writer import write_detections, write_tracks
from pipeline.structures.tracks import Tracks
from tests.evaluation.made import ELSEWHERE, NAMES, SIZE, detections, found, picture, thing

CLASSES = {1: "person", 3: "car", 8: "truck"}
FRAMES = 6


def car_at(frame):
    return (10 + 2 * frame, 10, 50 + 2 * frame, 40)


def header(tracked=True):
    pts = np.arange(FRAMES, dtype=np.int64) * 100
    return Header(SIZE[1], SIZE[0], Fraction(1, 1000), 0, pts, CLASSES, tracked)


def tracked(rows, ids, classes=None, peak=0.9):
    found_here = detections(*rows)
    voted = [3] * len(ids) if classes is None else classes
    return Tracks(
        found_here, np.array(ids, np.int64), np.array(voted, np.int32), np.full(len(ids), peak, np.float32)
    )


def write_labels(path, **changes):
    images, annotations = [], []
    for frame in range(FRAMES):
        images.append({"id": frame, "frame_index": frame, "height": SIZE[0], "width": SIZE[1], **changes})
        x1, y1, x2, y2 = car_at(frame)
        annotations.append(
            {
                "id": frame + 1,
                "image_id": frame,
                "category_id": 3,
                "bbox": [x1, y1, x2 - x1, y2 - y1],
                "segmentation": [[x1, y1, x2, y1, x2, y2, x1, y2]],
                "track_id": 5,
                "iscrowd": 0,
            }
        )
    categories = [{"id": one, "name": name} for one, name in NAMES.items()]
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return path


def measure(tmp_path, frames, **changes):
    write_tracks(tmp_path / "detections.parquet", header(), frames)
    labels = write_labels(tmp_path / "truth.json", **changes)
    return measure_run(tmp_path / "detections.parquet", labels, EvalSettings())


def test_a_run_that_keeps_its_number_is_perfect(tmp_path):
    evaluation = measure(tmp_path, [tracked([(car_at(f), 0.8, 3)], [1]) for f in range(FRAMES)])
    car = next(score for score in evaluation.classes if score.one.name == "car")
    assert (car.mask.ap, car.box.ap, car.at_conf.recall) == pytest.approx((1.0, 1.0, 1.0))
    scores = evaluation.identities
    assert (scores.idf1, scores.switches, scores.objects) == (1.0, 0, 1)
    assert scores.object_seconds == pytest.approx(0.6)  # 6 frames, a tenth of a second apart


def test_a_number_that_changes_half_way_is_one_switch(tmp_path):
    frames = [tracked([(car_at(f), 0.8, 3)], [1 if f < 3 else 2]) for f in range(FRAMES)]
    scores = measure(tmp_path, frames).identities
    assert (scores.switches, scores.idf1) == (1, 0.5)
    assert scores.switches_per_ten_seconds == pytest.approx(10 / 0.6)


def test_the_class_is_the_one_that_is_painted(tmp_path):
    frames = [tracked([(car_at(f), 0.8, 8)], [1], classes=[3]) for f in range(FRAMES)]
    car = next(score for score in measure(tmp_path, frames).classes if score.one.name == "car")
    assert car.mask.ap == pytest.approx(1.0)


def test_a_track_that_is_not_painted_does_not_count(tmp_path):
    frames = [tracked([(car_at(f), 0.4, 3)], [1], peak=0.45) for f in range(FRAMES)]
    scores = measure(tmp_path, frames).identities
    assert (scores.id_recall, scores.id_precision) == (0.0, None)


def test_labels_of_some_frames_measure_those(tmp_path):
    write_tracks(
        tmp_path / "d.parquet", header(), [tracked([(car_at(f), 0.8, 3)], [1]) for f in range(FRAMES)]
    )
    content = json.loads(write_labels(tmp_path / "truth.json").read_text())
    content["images"] = [record for record in content["images"] if record["frame_index"] % 2]
    (tmp_path / "truth.json").write_text(json.dumps(content))
    evaluation = measure_run(tmp_path / "d.parquet", tmp_path / "truth.json", EvalSettings())
    assert evaluation.identities.idf1 == 1.0
    assert evaluation.identities.object_seconds == pytest.approx(0.6)  # 3 frames, two tenths apart


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"width": 640}, "640x96 px"), ({"frame_index": None}, "which picture is which")],
)
def test_labels_of_another_video_are_refused(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        measure(tmp_path, [tracked([], []) for _ in range(FRAMES)], **changes)


def test_more_labels_than_frames_are_refused(tmp_path):
    labels = write_labels(tmp_path / "truth.json")
    content = json.loads(labels.read_text())
    content["images"][-1]["frame_index"] = 6
    labels.write_text(json.dumps(content))
    write_tracks(tmp_path / "d.parquet", header(), [tracked([], []) for _ in range(FRAMES)])
    with pytest.raises(InputError, match="frame 6; the run has 0 to 5"):
        measure_run(tmp_path / "d.parquet", labels, EvalSettings())


def test_detections_without_tracks_are_refused(tmp_path):
    write_detections(tmp_path / "d.parquet", header(tracked=False), [detections()] * FRAMES)
    with pytest.raises(InputError, match="without tracks"):
        measure_run(tmp_path / "d.parquet", write_labels(tmp_path / "t.json"), EvalSettings())


def overlap_of(picture_here, *rows):
    on = found(*rows, track_ids=range(1, len(rows) + 1))
    (frame,) = frame_overlaps(Truth((picture_here,), NAMES), [on], 8.0)
    return frame


def test_tracks_that_may_be_right_without_a_label_are_left_out():
    labels = thing(track_id=5), thing((60, 40, 120, 90), ignored=True)
    inside, tiny, other_class = (
        ((62, 42, 90, 60), 0.9, 3),
        ((60, 2, 67, 30), 0.9, 3),
        ((80, 2, 99, 30), 0.9, 1),
    )
    wrong = ((70, 5, 90, 35), 0.9, 3)
    frame = overlap_of(
        picture(*labels, scope={3}), ((10, 10, 50, 40), 0.9, 3), inside, tiny, other_class, wrong
    )
    assert (frame.true_ids.tolist(), frame.track_ids.tolist()) == ([5], [1, 5])
    assert frame.iou.tolist() == [[1.0, 0.0]]


def test_a_track_on_an_object_counts_whatever_its_class():
    frame = overlap_of(picture(thing(ELSEWHERE, track_id=5), scope={3}), (ELSEWHERE, 0.9, 1))
    assert frame.iou.tolist() == [[1.0]]
