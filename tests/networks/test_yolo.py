"""YOLO-seg files: what they say about themselves, and two that people use, on a real picture."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import cv2
import numpy as np
import pytest

from pipeline.errors import InputError, WeightsError
from pipeline.networks import yolo_kind
from pipeline.networks.registry import find_source, runtime_of
from pipeline.networks.yolo import YoloSegmenter
from pipeline.networks.yolo_file import kind_of, read_yolo_file
from pipeline.networks.yolo_program import TfliteProgram

#: Class, score, x1, y1, x2, y2, pixels of the mask on highway_1.jpg, from score 0.25 on, by Ultralytics 8.4.190 on
#: torch 2.13.0: LetterBox((640, 640), auto=False), LiteRT 2.x, boxes times 640, of the first no suppression (it is in
#: the file) and of the second non_max_suppression(..., 0.25, 0.7); scale_boxes, process_mask_native.
#: How far boxes (px) and masks (share) may be from theirs.
TOLERANCE = {"yolo11n-seg_int8.tflite": (1.0, 0.03), "yolov8n-seg_int8.tflite": (11.8, 0.11)}
BY_ULTRALYTICS = {
    "yolo11n-seg_int8.tflite": (
        ("car", 0.9300, 1050.63, 405.35, 1268.85, 507.83, 17765),
        ("car", 0.7973, 815.26, 410.47, 943.82, 494.23, 9329),
    ),
    # 8 bit in its boxes and scores, too: boxes come in steps of 11.7 px, and the best scores are equal, so that
    # which of two neighbours is suppressed depends on the order in which a sort leaves them (torch's is not stable).
    "yolov8n-seg_int8.tflite": (
        ("car", 0.5119, 1041.41, 410.37, 1252.03, 527.39, 16180),
        ("car", 0.5119, 1041.41, 398.67, 1252.03, 492.28, 16312),
        ("car", 0.5119, 807.39, 410.37, 924.40, 480.58, 7273),
        ("car", 0.4754, 830.79, 410.37, 947.80, 480.58, 7399),
        ("train", 0.2925, 11.70, 410.37, 596.76, 620.99, 53242),
        ("car", 0.2560, 432.95, 410.37, 456.35, 433.78, 518),
    ),
}


@pytest.mark.parametrize("name", BY_ULTRALYTICS)
def test_real_files_agree_with_ultralytics_on_a_real_picture(shared, name):
    pytest.importorskip("ai_edge_litert", reason="needs ai-edge-litert, which runs TFLite")
    network = YoloSegmenter.load(shared / "pretrained" / name, score=0.25)
    picture = cv2.imread(str(shared / "footage" / "stills" / "highway_1.jpg"))[..., ::-1]
    (found,) = network.segment(picture[None])
    box_px, share = TOLERANCE[name]
    masks, wanted = found.masks(*picture.shape[:2]), BY_ULTRALYTICS[name]
    assert len(found) == len(wanted)
    assert (np.diff(found.scores) <= 0).all()
    for label, score, *box, pixels in wanted:
        row = int(np.argmin(np.abs(found.boxes - np.array(box)).sum(axis=1)))
        assert network.class_names[int(found.class_ids[row])] == label
        assert found.scores[row] == pytest.approx(score, abs=0.002)
        assert found.boxes[row] == pytest.approx(box, abs=box_px)
        assert masks[row].sum() == pytest.approx(pixels, rel=share)
    assert network.class_names[3] == "car"


def test_litert_does_not_greet(shared):
    pytest.importorskip("ai_edge_litert", reason="needs ai-edge-litert, which runs TFLite")
    load = "import sys; from pipeline.networks.yolo import YoloSegmenter; YoloSegmenter.load(sys.argv[1])"
    words = [sys.executable, "-c", load, str(shared / "pretrained" / "yolo11n-seg_int8.tflite")]
    assert subprocess.run(words, capture_output=True, check=True).stderr == b""


#: Shapes of yolo26n-seg's outputs by docs.ultralytics.com/guides/end2end-detection: 300 rows of x1, y1, x2, y2,
#: score, class and 32 coefficients, best first and suppressed; and the prototypes.
YOLO26 = (1, 300, 38), (1, 32, 16, 16)


def onnx_file(path, names=None, sides=(64, 64), outputs=((1, 7, 84), (1, 1, 16, 16)), **metadata):
    """A network whose outputs are constants of these shapes, plus nothing of its picture."""
    onnx = pytest.importorskip("onnx", reason="writes the file that is read")
    make = onnx.helper
    nodes, declared, given = [], [], [onnx.numpy_helper.from_array(np.float32(0.0), "zero")]
    for number, shape in enumerate(outputs):
        gathered = number == 0 and shape == YOLO26[0]
        values = np.zeros((1, 400, 50) if gathered else shape, np.float32)
        if gathered:
            values[0, 399, :7] = 16, 24, 48, 40, 0.9, 0, 8.0
        elif number == 0:
            values[0, :4, 0], values[0, 4, 0], values[0, 6, 0] = (32, 32, 32, 16), 0.9, 8.0
        else:
            values[...] = 1.0
        tensor = onnx.numpy_helper.from_array(values, f"constant{number}")
        nodes += [
            make.make_node("Constant", [], [f"c{number}"], value=tensor),
            make.make_node("ReduceMin", ["images"], [f"least{number}"], keepdims=0),
            make.make_node("Clip", [f"least{number}", "zero", "zero"], [f"nothing{number}"]),
            make.make_node(
                "Add", [f"c{number}", f"nothing{number}"], ["rows" if gathered else f"output{number}"]
            ),
        ]
        if gathered:  # the best 300 of all rows, as Ultralytics' export picks them
            best = np.broadcast_to(np.arange(399, 99, -1)[None, :, None], shape)
            bounds = {"start": np.array([0]), "stop": np.array([38]), "axis": np.array([-1]), "best": best}
            given += [onnx.numpy_helper.from_array(value, name) for name, value in bounds.items()]
            nodes += [
                make.make_node("Slice", ["rows", "start", "stop", "axis"], ["cut"]),
                make.make_node("GatherElements", ["cut", "best"], ["output0"], axis=1),
            ]
        declared.append(make.make_tensor_value_info(f"output{number}", onnx.TensorProto.FLOAT, shape))
    picture = make.make_tensor_value_info("images", onnx.TensorProto.FLOAT, (1, 3, *sides))
    graph = make.make_graph(nodes, "some", [picture], declared, given)
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 13)], ir_version=8)
    if names is not None:
        metadata["names"] = str(names)
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, str(value)
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize("outputs", [((1, 7, 84), (1, 1, 16, 16)), YOLO26])
def test_an_onnx_file_runs_and_names_its_classes(tmp_path, outputs):
    pytest.importorskip("openvino", reason="runs ONNX")
    path = onnx_file(
        tmp_path / "n.onnx",
        {0: "cone", 1: "van"},
        outputs=outputs,
        task="segment",
        imgsz=[64, 64],
        stride=32,
    )
    file = read_yolo_file(path)
    assert (file.kind, file.names, file.task, file.size) == ("onnx", ("cone", "van"), "segment", (64, 64))
    network = YoloSegmenter.load(path)
    assert network.class_names == {1: "cone", 2: "van"}
    (found,) = network.segment(np.zeros((1, 32, 64, 3), np.uint8))
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.boxes.tolist() == [[16, 8, 48, 24]]
    assert (found.roi_masks == 255).all()
    with pytest.raises(InputError, match="found: float32"):
        network.segment(np.zeros((1, 32, 64, 3), np.float32))


def test_a_file_without_names_has_cocos_if_there_are_80_classes(tmp_path):
    pytest.importorskip("openvino", reason="runs ONNX")
    shapes = ((1, 85, 100), (1, 1, 16, 16))
    assert YoloSegmenter.load(onnx_file(tmp_path / "n.onnx", outputs=shapes)).class_names[3] == "car"
    few = YoloSegmenter.load(onnx_file(tmp_path / "few.onnx")).class_names
    assert few == {1: "class 1", 2: "class 2"}


def test_a_file_of_another_network_is_told_what_it_seems_to_be(tmp_path):
    pytest.importorskip("openvino", reason="runs ONNX")
    pose = onnx_file(tmp_path / "pose.onnx", {0: "person"}, task="pose")
    with pytest.raises(WeightsError, match="task 'pose'"):
        YoloSegmenter.load(pose)
    detector = onnx_file(tmp_path / "boxes.onnx", outputs=((1, 84, 84),))
    with pytest.raises(WeightsError, match="a detector, with boxes and no masks"):
        YoloSegmenter.load(detector)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "an empty file"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"  <!DOCTYPE html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
        (b'\x10\0\0\0\0\0\0\0{"a": {"dtype": 1}}', "a safetensors file"),
        (b"\x08\x08 no message", "an unknown kind"),
        (b"\x20\0\0\0TFL3", "tflite"),
    ],
)
def test_kinds_are_told_by_content(tmp_path, content, kind):
    path = tmp_path / "file.onnx"
    path.write_bytes(content)
    assert kind in kind_of(path)
    if kind != "tflite":
        with pytest.raises(WeightsError, match="it seems to be"):
            read_yolo_file(path)


def test_metadata_of_a_tflite_file_is_the_archive_at_its_end(tmp_path):
    path = tmp_path / "n.tflite"
    path.write_bytes(b"\x20\0\0\0TFL3" + bytes(40))
    assert read_yolo_file(path).names == ()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("labels.txt", "it's a\nlist")
        archive.writestr("metadata.json", json.dumps({"names": {"1": "b", "0": "a"}, "imgsz": [96, 64]}))
    assert read_yolo_file(path).names == ("a", "b")
    assert read_yolo_file(path).size == (96, 64)


def test_damaged_metadata_is_told(tmp_path):
    path = onnx_file(tmp_path / "n.onnx", task="segment", imgsz="[64, ", stride=32)
    with pytest.raises(WeightsError, match="metadata"):
        read_yolo_file(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "[" * 200_000),
        ("a.json", " " * (1 << 20) + "[]"),
        ("a.txt", "-" * 100_000),
        ("a.txt", "{1e999: 1}"),
    ],
    ids=["deep", "large", "deep text", "infinite"],
)
def test_metadata_made_to_hurt_is_told(tmp_path, name, text):
    path = tmp_path / "n.tflite"
    path.write_bytes(b"\x20\0\0\0TFL3" + bytes(40))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text if name.endswith(".json") else f"{{'names': {text}}}")
    with pytest.raises(WeightsError, match="metadata that cannot be read"):
        read_yolo_file(path)


def test_a_missing_litert_is_named_with_what_installs_it(monkeypatch, tmp_path):
    """Before anything is loaded, and where loading is all that is asked for."""
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(WeightsError, match=r"pip install -e '\.\[yolo\]' in a checkout"):
        TfliteProgram(tmp_path / "any.tflite")
    monkeypatch.setattr(yolo_kind, "_PACKAGES", {"tflite": "no-such-package"})
    (tmp_path / "any.tflite").write_bytes(b"\0\0\0\0TFL3" + bytes(20))
    with pytest.raises(WeightsError, match="needs no-such-package"):
        runtime_of(tmp_path / "any.tflite")


def test_a_file_with_another_ending_is_told_what_it_seems_to_be(tmp_path):
    (tmp_path / "net.bin").write_bytes(b"GGUF" + bytes(20))
    with pytest.raises(WeightsError, match="a language model"):
        find_source(tmp_path / "net.bin")
