"""The start made of SqueezeNet: on the published file against the same network out of plain Keras layers."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.model.mask_rcnn import make_model
from pipeline.training.start import load_start
from research.foreign_start import make_foreign_start
from research.trunks.presets import compact_squeezenet

#: Fire modules: channels of the squeeze and of each expansion. Those that come after a pooling.
_FIRES = {
    2: (16, 64),
    3: (16, 64),
    4: (32, 128),
    5: (32, 128),
    6: (48, 192),
    7: (48, 192),
    8: (64, 256),
    9: (64, 256),
}
_POOLED = (2, 4, 6)
#: The last module of each map.
_MAPS = (3, 5, 9)


def published(path: Path) -> keras.Model:
    """DeepCognition's network (its squeezenet.py): pooling is not padded."""
    file = h5py.File(path, "r")

    def conv(inputs: object, layer: str, units: int, size: int, stride: int = 1) -> object:
        made = keras.layers.Conv2D(units, size, stride, padding="same", activation="relu")
        outputs = made(inputs)
        made.set_weights([file[layer][name][()] for name in file[layer].attrs["weight_names"]])
        return outputs

    images = keras.Input((None, None, 3))
    outputs, features = conv(images, "conv1", 64, 3, 2), []
    for module, (squeezed, expanded) in _FIRES.items():
        if module in _POOLED:
            outputs = keras.layers.MaxPooling2D(3, 2, "valid")(outputs)
        squeeze = conv(outputs, f"fire{module}/squeeze1x1", squeezed, 1)
        sides = [conv(squeeze, f"fire{module}/expand{n}x{n}", expanded, n) for n in (1, 3)]
        outputs = keras.layers.Concatenate()(sides)
        if module in _MAPS:
            features.append(outputs)
    return keras.Model(images, features)


def test_the_trunk_computes_what_the_published_file_computes(shared: Path, tmp_path: Path) -> None:
    source = shared / "pretrained" / "squeezenet_notop.h5"
    frames = np.random.default_rng(0).integers(0, 256, (1, 32, 40, 3)).repeat(8, 1).repeat(8, 2)
    frames = frames.astype(np.float32)
    # keras.applications.imagenet_utils.preprocess_input, which its squeezenet.py takes.
    wanted = published(source)(frames[..., ::-1] - np.array([103.939, 116.779, 123.68], np.float32))
    assert make_foreign_start("squeezenet", source, tmp_path / "start.safetensors") == 50
    model = make_model(compact_squeezenet())
    start = load_start(model, tmp_path / "start.safetensors")
    assert (len(start.taken), start.unused) == (50, ())
    assert sum("backbone" in name for name in start.fresh) == 12
    mean, std = (np.array(getattr(model.config.input, name), np.float32) for name in ("mean", "std"))
    found = model.backbone((frames - mean) / std)
    for one, other, stride in zip(found, wanted, (4, 8, 16), strict=False):
        one, other = np.array(one), np.array(other) / std[0]
        # What the lower and the right edge reach is another matter: ours pads where it pools.
        height, width = frames.shape[1] // stride - 7, frames.shape[2] // stride - 7
        np.testing.assert_allclose(one[:, :height, :width], other[:, :height, :width], rtol=1e-5, atol=1e-4)
        assert other.std() > 0.05


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.attrs["layer_names"] = [b"conv1"]
        group = file.create_group("conv1")
        group.attrs["weight_names"] = [b"uniform1:0"]
        group["uniform1:0"] = np.zeros((3, 3, 3, 64), np.float32)
    with pytest.raises(WeightsError, match="fire2/squeeze/kernel"):
        make_foreign_start("squeezenet", tmp_path / "other.h5", tmp_path / "start.safetensors")
    assert not (tmp_path / "start.safetensors").exists()
