from __future__ import annotations

import hashlib
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import ConfigError, WeightsError
from pipeline.segment.segmenter import Segmenter
from pipeline.segment.settings import SegmentSettings
from pipeline.weights.digest import weights_digest


@pytest.fixture(scope="module")
def segmenter(tiny_weights):
    made = Segmenter(SegmentSettings(model=str(tiny_weights), score=0.05, batch=3, device="cpu"))
    names = made.setup()
    assert names[3] == "car"
    return made


def noise(count):
    return np.random.default_rng(0).integers(0, 256, (count, 54, 96, 3), np.uint8)


def test_a_frame_gets_the_same_detections_whatever_batch_it_comes_in(segmenter):
    frames = noise(5)
    together = segmenter.segment(frames)
    alone = [segmenter.segment(frames[place : place + 1])[0] for place in range(5)]
    assert sum(map(len, together)) > 0
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        np.testing.assert_array_equal(one.scores, other.scores)
        np.testing.assert_array_equal(one.roi_masks, other.roi_masks)


def test_one_caller_has_all_cores_and_finds_the_same_but_for_the_last_digits(segmenter, tiny_weights):
    alone = Segmenter(SegmentSettings(str(tiny_weights), score=0.05, device="cpu"), threads=2, callers=1)
    alone.setup()
    assert alone.callers == 1
    ((one,), (other,)) = alone.segment(noise(1)), segmenter.segment(noise(1))
    np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-3)
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
    assert alone.network._compiled.cache_info().currsize == 1
    compiled = alone.network._compiled((64, 96))
    (requests,) = compiled._free.queue
    assert requests._dense.get_compiled_model().get_property("INFERENCE_NUM_THREADS") == 2


@pytest.mark.parametrize(
    ("size", "aspect", "decoded"),
    [
        ((1280, 720), None, (96, 54)),  # fits the canvas of 96x64 by its width
        ((720, 1280), None, (36, 64)),
        ((48, 27), None, (48, 27)),  # never larger than it is: the network enlarges it itself
        ((720, 576), Fraction(64, 45), (96, 54)),  # wide pixels: 1024x576 as it is shown
    ],
)
def test_frames_are_decoded_to_what_the_network_looks_at(segmenter, size, aspect, decoded):
    assert segmenter.frame_size(*size, aspect) == decoded


def test_a_missing_gpu_is_told(tiny_weights, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(ConfigError, match="no GPU can be used"):
        Segmenter(SegmentSettings(model=str(tiny_weights), device="gpu")).setup()


def test_weights_are_known_by_their_content(tmp_path):
    for name, content in [("a.safetensors", b"one"), ("b.safetensors", b"one"), ("c.safetensors", b"two")]:
        (tmp_path / name).write_bytes(content)
    a, b, c = (weights_digest(str(tmp_path / f"{name}.safetensors")) for name in "abc")
    assert a == b != c
    assert a == hashlib.sha256(b"one").hexdigest()  # what sha256sum prints
    folder = tmp_path / "saved_model"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    before = weights_digest(str(folder))
    (folder / "variables" / "data").write_bytes(b"weights")
    assert weights_digest(str(folder)) != before


def test_missing_weights_are_told_before_anything_starts(tmp_path):
    for none in ("none.safetensors", "none.onnx", "none"):
        with pytest.raises(WeightsError, match="no weights at"):
            weights_digest(str(tmp_path / none))


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"device": "tpu"}, "choose from"), ({"batch": 0}, "at least 1"), ({"score": 0.0}, "between 0 and 1")],
)
def test_settings_that_cannot_be_are_told(settings, words):
    with pytest.raises(ConfigError, match=words):
        SegmentSettings(**settings)


def test_tensorflow_s_greetings_stay_off_the_terminal_and_nothing_else_does():
    script = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from pipeline.networks.devices import claim_tensorflow, ungreeted
with ungreeted():
    os.write(2, b"I0000 00:00:17.6 23808 port.cc:153] a greeting\\n")
    os.write(2, b"seg-video: warning: something of ours\\n")
claim_tensorflow("cpu", 1)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "seg-video: warning: something of ours\n"
