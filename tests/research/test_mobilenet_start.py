"""The start made of the quantised MobileNetV2: on the published file against TensorFlow Lite's own interpreter."""

from __future__ import annotations

import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.model.mask_rcnn import make_model
from pipeline.training.start import load_start
from research.foreign_start import make_foreign_start
from research.trunks.presets import compact_mobilenet

#: What the file computes after its stem and after each block, by the tensor's number, and which of them are C2 to C5.
_STEM = 110
_BLOCKS = (112, 115, 119, 122, 126, 130, 133, 137, 141, 145, 148, 152, 156, 159, 163, 167, 170)
_MAPS = (119, 130, 156, 170)


def computed_by_the_source(source: Path, frame: np.ndarray) -> dict[int, tuple[np.ndarray, float]]:
    """Each feature map of a frame uint8 [224, 224, 3], dequantised, and its quantisation step, by number."""
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(?s).*tf\.lite\.Interpreter is deprecated")
        network = tf.lite.Interpreter(
            str(source),
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
    network.allocate_tensors()
    network.set_tensor(network.get_input_details()[0]["index"], frame[None])
    network.invoke()
    found = {}
    for one in network.get_tensor_details():
        if one["index"] in (_STEM, *_BLOCKS):
            step, zero = one["quantization"]
            found[one["index"]] = (network.get_tensor(one["index"]).astype(np.float32) - zero) * step, step
    return found


def test_the_trunk_computes_what_the_published_file_computes(shared: Path, tmp_path: Path) -> None:
    source = shared / "pretrained" / "tf2_mobilenet_v2_1.0_224_ptq.tflite"
    coarse = np.random.default_rng(0).integers(0, 256, (28, 28, 3)).astype(np.uint8)
    frame = cv2.resize(coarse, (224, 224))
    wanted = computed_by_the_source(source, frame)
    # The stem, and three convolutions in each of 17 blocks but the first, which expands nothing.
    assert make_foreign_start("mobilenet", source, tmp_path / "start.safetensors") == 2 * (1 + 17 * 3 - 1)
    model = make_model(compact_mobilenet())
    start = load_start(model, tmp_path / "start.safetensors")
    assert (len(start.taken), start.unused) == (102, ())
    assert not any("backbone" in name for name in start.fresh)
    trunk, mean, std = model.backbone, *(getattr(model.config.input, name)[0] for name in ("mean", "std"))
    images = (frame[None].astype(np.float32) - mean) / std
    # A block at a time, from what the source gives it: its own rounding is half a step of its output, and a little
    # of the two maps within. Beyond 8 bits the source saturates, in one value in a thousand at most.
    steps = [(trunk.stem(images), *wanted[_STEM])]
    inputs = wanted[_STEM][0]
    for block, number in zip(trunk.blocks, _BLOCKS, strict=True):
        steps.append((block(inputs), *wanted[number]))
        inputs = wanted[number][0]
    for found, there, step in steps:
        errors = np.abs(np.array(found) - there) / step
        assert np.quantile(errors, 0.999) < 1.5
        assert np.sqrt(np.mean(errors**2)) < 0.5
    # All of them in a row: roundings add up.
    for found, number in zip(trunk(images), _MAPS, strict=True):
        assert np.corrcoef(np.ravel(found), np.ravel(wanted[number][0]))[0, 1] > 0.99


def test_a_quantised_file_of_another_network_is_refused(shared: Path, tmp_path: Path) -> None:
    source = shared / "pretrained" / "deeplabv3_mnv2_pascal_quant.tflite"
    with pytest.raises(WeightsError, match=source.name):
        make_foreign_start("mobilenet", source, tmp_path / "start.safetensors")
    assert not (tmp_path / "start.safetensors").exists()


def test_a_file_that_is_none_of_tensorflow_lite_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.tflite").write_bytes(b"no network at all")
    with pytest.raises(
        WeightsError, match=r"none\.tflite cannot be read as a quantised TensorFlow Lite file"
    ):
        make_foreign_start("mobilenet", tmp_path / "none.tflite", tmp_path / "start.safetensors")
