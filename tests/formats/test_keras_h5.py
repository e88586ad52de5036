from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.formats.keras_h5 import read_layer_weights

KERNEL = np.arange(6, dtype=np.float32).reshape(2, 3)


def write(path: Path, layers: dict[str, dict[str, np.ndarray]], root: str = "/") -> Path:
    with h5py.File(path, "w") as file:
        top = file.require_group(root)
        top.attrs["layer_names"] = [name.encode() for name in layers]
        for layer, weights in layers.items():
            group = top.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name in weights]
            for name, array in weights.items():
                group.create_dataset(name, data=array)
    return path


def test_layers_and_nested_models_are_named_by_the_inner_layer(tmp_path: Path) -> None:
    layers = {
        "input_image": {},
        "conv1": {"conv1/kernel:0": KERNEL, "conv1/bias:0": np.float32([1, 2, 3])},
        "rpn_model": {"rpn_conv_shared/kernel:0": KERNEL + 1, "rpn_model/rpn_class_raw/bias:0": KERNEL + 2},
        "dense": {"kernel": KERNEL + 3},
    }
    weights = read_layer_weights(write(tmp_path / "w.h5", layers))
    names = ["conv1/kernel", "conv1/bias", "rpn_conv_shared/kernel", "rpn_class_raw/bias", "dense/kernel"]
    assert list(weights) == names
    np.testing.assert_array_equal(weights["conv1/bias"], [1, 2, 3])
    assert weights["rpn_conv_shared/kernel"][0, 0] == 1
    assert weights["rpn_class_raw/bias"].dtype == np.float32


def test_a_whole_model_file_is_read_too(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", {"conv1": {"conv1/kernel:0": KERNEL}}, root="model_weights")
    assert list(read_layer_weights(path)) == ["conv1/kernel"]


def test_a_list_of_names_in_pieces_is_joined(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", {f"l{i}": {f"l{i}/bias:0": np.float32([i])} for i in range(3)})
    with h5py.File(path, "a") as file:
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = [b"l0", b"l1"], [b"l2"]
    assert list(read_layer_weights(path)) == ["l0/bias", "l1/bias", "l2/bias"]


def test_big_endian_weights_are_turned(tmp_path: Path) -> None:
    weights = read_layer_weights(write(tmp_path / "w.h5", {"a": {"a/bias:0": KERNEL.astype(">f4")}}))
    assert weights["a/bias"].dtype == np.float32
    np.testing.assert_array_equal(weights["a/bias"], KERNEL)


def test_genuine_keras_1_file(shared: Path) -> None:
    weights = read_layer_weights(shared / "pretrained" / "squeezenet_notop.h5")
    assert len(weights) == 50
    assert weights["conv1/conv1_b"].shape == (64,)
    assert weights["fire2/squeeze1x1/uniform2"].shape == (1, 1, 64, 16)


def test_the_layout_of_matterports_file(tmp_path: Path, shared: Path) -> None:
    """Some of its layers at their own sizes: the model groups its three RPN layers under one name."""
    shapes = json.loads((shared / "parity" / "matterport_names.json").read_text())
    small = {name: shape for name, shape in shapes.items() if np.prod(shape) < 3000}
    layers: dict[str, dict[str, np.ndarray]] = {}
    for name, shape in small.items():
        layer = "rpn_model" if name.startswith("rpn_") else name.split("/")[0]
        layers.setdefault(layer, {})[f"{name}:0"] = np.zeros(shape, np.float32)
    weights = read_layer_weights(write(tmp_path / "w.h5", layers))
    assert {name: list(array.shape) for name, array in weights.items()} == small


def test_two_weights_of_one_name_are_refused(tmp_path: Path) -> None:
    layers = {"a": {"x/kernel:0": KERNEL}, "b": {"x/kernel:0": KERNEL}}
    with pytest.raises(WeightsError, match="two weights called x/kernel"):
        read_layer_weights(write(tmp_path / "w.h5", layers))


def test_data_outside_the_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "other.h5", {"a": {"a/kernel:0": KERNEL}})
    (tmp_path / "raw").write_bytes(KERNEL.tobytes())
    source = h5py.VirtualSource(str(tmp_path / "other.h5"), "a/a/kernel:0", shape=(2, 3))
    layout = h5py.VirtualLayout(shape=(2, 3), dtype=np.float32)
    layout[:] = source
    for kind, message in {
        "link": "ExternalLink",
        "soft": "SoftLink",
        "raw": "other files",
        "virtual": "other files",
    }.items():
        path = write(tmp_path / f"{kind}.h5", {"a": {"a/kernel:0": KERNEL}})
        with h5py.File(path, "a") as file:
            del file["a/a/kernel:0"]
            if kind == "link":
                file["a/a/kernel:0"] = h5py.ExternalLink("other.h5", "a/a/kernel:0")
            elif kind == "soft":
                file["a/a/kernel:0"] = h5py.SoftLink("/a")
            elif kind == "raw":
                external = [(str(tmp_path / "raw"), 0, 24)]
                file.create_dataset("a/a/kernel:0", (2, 3), np.float32, external=external)
            else:
                file.create_virtual_dataset("a/a/kernel:0", layout)
        with pytest.raises(WeightsError, match=message):
            read_layer_weights(path)


def test_what_is_no_number_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", {"a": {"a/kernel:0": KERNEL}})
    with h5py.File(path, "a") as file:
        del file["a/a/kernel:0"]
        file["a"].create_dataset("a/kernel:0", data=["x"], dtype=h5py.string_dtype())
    with pytest.raises(WeightsError, match="of type object"):
        read_layer_weights(path)
    with h5py.File(path, "a") as file:
        del file["a/a/kernel:0"]
        file["a"].create_group("a/kernel:0")
    with pytest.raises(WeightsError, match="is a Group"):
        read_layer_weights(path)


def test_a_weight_that_was_never_written_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", {"a": {"a/kernel:0": KERNEL}})
    with h5py.File(path, "a") as file:
        del file["a/a/kernel:0"]
        file["a"].create_dataset("a/kernel:0", shape=(2**40,), dtype=np.float32, chunks=(1024,))
    with pytest.raises(WeightsError, match="larger than the file itself"):
        read_layer_weights(path)


def test_damaged_and_foreign_files_are_weights_errors(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", {"a": {"a/kernel:0": KERNEL}})
    whole = path.read_bytes()
    for content in (b"", b"not hdf5", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match="cannot be read as Keras weights"):
            read_layer_weights(path)
    with pytest.raises(WeightsError, match="cannot be read as Keras weights"):
        read_layer_weights(tmp_path / "none.h5")
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "3.0"
    with pytest.raises(WeightsError, match=r"no layer_names among the attributes \['keras_version'\]"):
        read_layer_weights(path)


def test_a_layer_that_the_file_lists_and_lacks_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", {"a": {"a/kernel:0": KERNEL}})
    with h5py.File(path, "a") as file:
        del file["a"]
    with pytest.raises(WeightsError, match="no a, which the file lists"):
        read_layer_weights(path)
