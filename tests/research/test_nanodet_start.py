"""The start made of NanoDet-m: on the published file against ONNX Runtime, and on a file made by hand without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.formats.own_file import load_weights
from pipeline.model import presets
from pipeline.model.mask_rcnn import make_model
from pipeline.training.start import load_start
from research.foreign_start import make_foreign_start

onnx = pytest.importorskip("onnx", reason="needs the extra train")

#: Output channels of each of the file's convolutions, and whether it is a depthwise one; `inputs` go before them.
_STAGES = ((24, 116, 4), (116, 232, 8), (232, 464, 4))


def trunk_kernels() -> list[tuple[int, int, int]]:
    """(outputs, inputs of a filter, side) of the 55 convolutions, in the order of the graph."""
    kernels = [(24, 3, 3)]
    for inputs, outputs, repeats in _STAGES:
        half = outputs // 2
        kernels += [(inputs, 1, 3), (half, inputs, 1), (half, inputs, 1), (half, 1, 3), (half, half, 1)]
        kernels += [(half, half, 1), (half, 1, 3), (half, half, 1)] * (repeats - 1)
    return kernels


def write_onnx(path: Path, kernels: list[tuple[int, int, int]]) -> list[np.ndarray]:
    """A graph that has convolutions and nothing else; returns their kernels."""
    random = np.random.default_rng(0)
    nodes, tensors, arrays = [], [], []
    for place, (outputs, inputs, side) in enumerate(kernels):
        kernel = random.normal(size=(outputs, inputs, side, side)).astype(np.float32)
        for name, array in ((f"{place}w", kernel), (f"{place}b", np.full(outputs, place, np.float32))):
            tensors.append(onnx.numpy_helper.from_array(array, name))
        nodes.append(
            onnx.helper.make_node("Conv", [f"x{place}", f"{place}w", f"{place}b"], [f"x{place + 1}"])
        )
        arrays.append(kernel)
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph(nodes, "made", [], [], tensors)), str(path))
    return arrays


def test_each_convolution_finds_its_place(tmp_path: Path) -> None:
    kernels = write_onnx(tmp_path / "made.onnx", [*trunk_kernels(), *[(96, 116, 1)] * 18])
    assert make_foreign_start("nanodet", tmp_path / "made.onnx", tmp_path / "start.safetensors") == 110
    arrays, _ = load_weights(tmp_path / "start.safetensors")
    # Its stem sees B, G, R.
    np.testing.assert_array_equal(
        arrays["backbone/stem/kernel"][:, :, 0], kernels[0][:, 2].transpose(1, 2, 0)
    )
    places = {
        "stage2_unit0/passed_depthwise": 1, "stage2_unit0/project": 5, "stage2_unit1/expand": 6,
        "stage2_unit3/project": 14, "stage3_unit0/passed_depthwise": 15, "stage4_unit3/project": 54,
    }  # fmt: skip
    for unit, place in places.items():
        assert arrays[f"backbone/{unit}/bias"][0] == place
    assert sorted(a[0] for name, a in arrays.items() if name.endswith("/bias")) == list(range(55))
    depthwise, project = (arrays[f"backbone/stage2_unit0/{unit}/kernel"] for unit in ("depthwise", "project"))
    np.testing.assert_array_equal(depthwise[1, 2], kernels[4][:, 0, 1, 2])
    np.testing.assert_array_equal(project[0, 0], kernels[5][:, :, 0, 0].T)


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    write_onnx(tmp_path / "other.onnx", trunk_kernels()[:-1])
    with pytest.raises(WeightsError, match="stage4_unit3/project/kernel"):
        make_foreign_start("nanodet", tmp_path / "other.onnx", tmp_path / "start.safetensors")
    assert not (tmp_path / "start.safetensors").exists()


def test_a_file_that_is_no_onnx_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.onnx").write_bytes(b"no graph at all")
    with pytest.raises(WeightsError, match=r"none\.onnx cannot be read as an ONNX file"):
        make_foreign_start("nanodet", tmp_path / "none.onnx", tmp_path / "start.safetensors")


def test_the_trunk_computes_what_the_published_file_computes(shared: Path, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="needs the extra teachers")
    source = shared / "pretrained" / "nanodet_m.onnx"
    frames = np.random.default_rng(0).integers(0, 256, (1, 416, 416, 3)).astype(np.float32)
    wanted = source_features(runtime, source, frames)
    make_foreign_start("nanodet", source, tmp_path / "start.safetensors")
    model = make_model(presets.compact_shufflenet())
    start = load_start(model, tmp_path / "start.safetensors")
    assert (len(start.taken), start.unused) == (110, ())
    mean, std = (np.array(getattr(model.config.input, name), np.float32) for name in ("mean", "std"))
    found = model.backbone((frames - mean) / std)[1:]
    for one, other, order in zip(found, wanted, model.backbone.channel_orders[1:], strict=True):
        np.testing.assert_allclose(np.array(one), other[..., order], rtol=0, atol=1e-5)
        assert other.std() > 0.01


def source_features(runtime: Any, source: Path, frames: np.ndarray) -> list[np.ndarray]:
    """C3, C4 and C5 of RGB frames, which are what the file's pyramid begins with."""
    model = onnx.load(str(source))
    laterals = [node for node in model.graph.node if any("lateral_convs" in name for name in node.input)]
    names = [node.input[0] for node in laterals]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # it warns of every array that could be a constant
    session = runtime.InferenceSession(model.SerializeToString(), options)
    bgr = (frames[..., ::-1] - [103.53, 116.28, 123.675]) / [57.375, 57.12, 58.395]
    outputs = session.run(names, {"input.1": bgr.transpose(0, 3, 1, 2).astype(np.float32)})
    return [output.transpose(0, 2, 3, 1) for output in outputs]
