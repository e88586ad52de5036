"""Raw outputs of YOLO-seg networks, against what Ultralytics' own postprocessing makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.networks.yolo import YoloSegmenter
from pipeline.networks.yolo_file import YoloFile
from pipeline.networks.yolo_outputs import YoloCandidates, candidates_of, layout_of, suppress_overlaps

SIZE = (160, 160)
NAMES = ("one", "two", "three")

#: Class, score, x1, y1, x2, y2, pixels of the mask, by Ultralytics 8.4.190 on torch 2.13.0, for a frame of 160x90 px:
#:     p = nms.non_max_suppression(torch.tensor(objects), 0.75, 0.3, nc=3, max_det=300)[0]
#:     boxes = ops.scale_boxes((160, 160), p[:, :4].clone(), (90, 160))
#:     ops.process_mask_native(torch.tensor(prototypes[0]), p[:, 6:], boxes, (90, 160)).sum((1, 2))
BY_ULTRALYTICS = (
    (0, 0.8997, 98.94, 27.02, 130.16, 90.0, 1621),
    (0, 0.8929, 20.82, 5.65, 60.95, 52.09, 1041),
    (0, 0.8661, 90.19, 48.91, 155.72, 77.12, 1112),
    (1, 0.7997, 26.47, 34.55, 71.64, 90.0, 2294),
    (1, 0.7996, 95.24, 51.63, 160.0, 77.88, 589),
    (0, 0.7961, 30.4, 9.26, 96.09, 73.38, 2870),
)


def raw_outputs():
    """Objects [1, 4 + 3 + 4, 525] and prototypes [1, 4, 40, 40] for an input of 160 px: smooth, the same everywhere."""
    place, (down, across) = np.arange(525.0), np.mgrid[:40, :40] / 40
    boxes = [
        80 + 50 * np.sin(place * 1.7),
        80 + 20 * np.cos(place * 2.3),
        50 + 20 * np.sin(place / 9),
        46 + 20 * np.cos(place / 3),
    ]
    scores = [
        np.maximum(np.sin(place * (0.2 + k / 9) + k), 0) ** 90 * (0.9 - 0.1 * k) for k in range(len(NAMES))
    ]
    shares = [4 * np.cos(place * k / 5 + k) for k in range(4)]
    waves = [np.sin(9 * down + 3 * k) * np.cos(7 * across - k) for k in range(3)]
    objects = np.stack(boxes + scores + shares)[None].astype(np.float32)
    return objects, np.stack([*waves, np.full((40, 40), 0.3)])[None].astype(np.float32)


class Played:
    """A program that always returns the same outputs, and keeps what it was given."""

    def __init__(self, outputs, input_shape=(1, 3, *SIZE)):
        self.outputs, self.input_shape, self.pictures = outputs, input_shape, []

    def __call__(self, picture):
        self.pictures.append(picture)
        return self.outputs


def network(outputs, input_shape=(1, 3, *SIZE), names=NAMES, score=0.75, **file):
    entries = {"kind": "onnx", "task": "segment", "size": None, "stride": 32, **file}
    program = Played(outputs, input_shape)
    return YoloSegmenter(program, YoloFile(path="some.onnx", names=names, **entries), score), program


def end_to_end(objects):
    """The same objects as a network with the suppression inside gives them: a row each, best first, then nothing."""
    layout = layout_of([objects.shape, (1, 4, 40, 40)], SIZE, 3)
    found = suppress_overlaps(candidates_of(objects[0], layout, SIZE, 0.75), 0.3, 300)
    rows = np.concatenate(
        [found.boxes, found.scores[:, None], found.classes[:, None], found.coefficients], axis=1
    )
    return np.concatenate([rows, np.zeros((300 - len(rows), rows.shape[1]))])[None].astype(np.float32)


def check(detections, tolerance_px=0.006):
    assert len(detections) == len(BY_ULTRALYTICS)
    masks = detections.masks(90, 160)
    for row, (place, score, *box, pixels) in enumerate(BY_ULTRALYTICS):
        assert detections.class_ids[row] == place + 1
        assert detections.scores[row] == pytest.approx(score, abs=6e-5)
        assert detections.boxes[row] == pytest.approx(box, abs=tolerance_px)
        assert masks[row].sum() == pytest.approx(pixels, rel=0.05)


@pytest.fixture
def overlap(monkeypatch):
    """The IoU of the suppression that the reference was made with: many objects, few anchors."""
    monkeypatch.setattr("pipeline.networks.yolo._OVERLAP", 0.3)


@pytest.mark.usefixtures("overlap")
@pytest.mark.parametrize(
    "arrange",
    [
        pytest.param(lambda o, p: [o, p], id="as exported to ONNX"),
        pytest.param(lambda o, p: [p, o], id="prototypes first"),
        pytest.param(lambda o, p: [o.transpose(0, 2, 1), p], id="anchors first"),
        pytest.param(lambda o, p: [o, p.transpose(0, 2, 3, 1)], id="prototypes with channels last"),
        pytest.param(lambda o, p: [np.concatenate([o[:, :4] / 160, o[:, 4:]], axis=1), p], id="shares"),
        pytest.param(lambda o, p: [end_to_end(o), p], id="end to end"),
    ],
)
def test_objects_are_those_of_ultralytics_however_the_outputs_lie(arrange):
    segmenter, _ = network(arrange(*raw_outputs()))
    check(segmenter.segment(np.zeros((1, 90, 160, 3), np.uint8))[0])


@pytest.mark.usefixtures("overlap")
def test_a_larger_frame_has_the_same_objects_in_its_own_pixels():
    segmenter, _ = network(list(raw_outputs()))
    (found,) = segmenter.segment(np.zeros((1, 180, 320, 3), np.uint8))
    check(found.scaled(0.5, 0.5))


def test_the_frame_stands_in_the_middle_of_grey():
    segmenter, program = network(list(raw_outputs()))
    segmenter.segment(np.full((1, 81, 160, 3), (255, 0, 51), np.uint8))
    (picture,) = program.pictures[-1]
    # 79 rows are left over: 39 above and 40 below.
    assert np.unique(np.flatnonzero((picture[0] == 1.0).all(axis=1))).tolist() == list(range(39, 120))
    assert picture[:, 60, 80].tolist() == pytest.approx([1.0, 0.0, 0.2])
    assert (picture[:, [0, 38, 120, 159]] == np.float32(114 / 255)).all()


def test_channels_last_networks_get_their_colours_last():
    segmenter, program = network(list(raw_outputs()), input_shape=(1, *SIZE, 3))
    segmenter.segment(np.zeros((1, 90, 160, 3), np.uint8))
    assert program.pictures[-1].shape == (1, 160, 160, 3)


def test_a_network_of_any_size_gets_no_more_grey_than_its_stride_asks_for():
    objects, prototypes = raw_outputs()
    segmenter, program = network(
        [objects, prototypes[:, :, :24]], input_shape=(1, 3, None, None), size=(160, 160)
    )
    segmenter.segment(np.zeros((1, 90, 160, 3), np.uint8))
    assert program.pictures[-1].shape == (1, 3, 96, 160)


def test_the_size_it_looks_at_is_no_larger_than_the_frame():
    segmenter, _ = network(list(raw_outputs()))
    assert segmenter.input_size(1280, 720, None) == (160, 90)
    assert segmenter.input_size(720, 576, 2) == (160, 64)
    assert segmenter.input_size(100, 50, None) == (100, 50)


def test_suppression_is_within_a_class_and_spares_those_at_the_limit():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 7], [0, 0, 10, 7], [0, 0, 10, 8]], np.float32)
    candidates = YoloCandidates(
        boxes,
        np.array([0.9, 0.8, 0.7, 0.6], np.float32),
        np.array([0, 0, 1, 0], np.int32),
        np.zeros((4, 2), np.float32),
    )
    # The second has an IoU of 0.7 with the first, the fourth 0.8.
    assert suppress_overlaps(candidates, 0.7, 300).scores.tolist() == pytest.approx([0.9, 0.8, 0.7])
    assert suppress_overlaps(candidates, 0.69, 300).scores.tolist() == pytest.approx([0.9, 0.7])
    assert len(suppress_overlaps(candidates, 0.7, 1)) == 1
    assert len(suppress_overlaps(candidates.picked(np.zeros(0, np.intp)), 0.7, 9)) == 0


@pytest.mark.parametrize(
    ("shapes", "complaint"),
    [
        ([(1, 160, 160)], "semantic segmentation"),
        ([(1, 21, 160, 160)], "semantic segmentation"),
        ([(1, 1000)], "classifier"),
        ([(1, 84, 525)], "no masks"),
        ([(1, 400, 80), (1, 100, 80), (1, 25, 80)], "an output per stride"),
        ([(1, 12, 525), (1, 4, 40, 40)], "3 class names"),
        ([(1, 11, 525), (1, 4, 39, 40)], "prototypes of shape"),
    ],
)
def test_other_networks_are_told_what_they_seem_to_be(shapes, complaint):
    with pytest.raises(ValueError, match=complaint):
        layout_of(shapes, SIZE, 3)
