from __future__ import annotations

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from pipeline.errors import WeightsError, WriteError
from pipeline.formats.own_file import load_weights, read_metadata, save_weights

ARRAYS = {
    "stem/kernel": np.float32([[0.1, -2.5], [3.0, 4.0]]),
    "half": np.float16([0.5, 65504]),
    "brain": np.array([1.0, -3.140625], ml_dtypes.bfloat16),
    "steps": np.array(7),
}


def test_arrays_and_metadata_come_back_and_half_types_are_widened(tmp_path: Path) -> None:
    save_weights(tmp_path / "own.safetensors", ARRAYS, {"config": '{"depth": 18}', "licence": "Apache-2.0"})
    arrays, metadata = load_weights(tmp_path / "own.safetensors")
    assert metadata == {"config": '{"depth": 18}', "licence": "Apache-2.0"}
    assert {name: array.dtype.name for name, array in arrays.items()} == {
        "stem/kernel": "float32",
        "half": "float32",
        "brain": "float32",
        "steps": "int64",
    }
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].shape == array.shape


def test_half_types_take_two_bytes_an_element_in_the_file(tmp_path: Path) -> None:
    for name, dtype in (("full", np.float32), ("brain", ml_dtypes.bfloat16)):
        save_weights(tmp_path / name, {"w": np.zeros(10_000, dtype)}, {})
    saved = (tmp_path / "full").stat().st_size - (tmp_path / "brain").stat().st_size
    assert 19_990 <= saved <= 20_010


def test_a_transposed_array_is_saved_as_it_reads(tmp_path: Path) -> None:
    save_weights(tmp_path / "own", {"w": np.arange(6.0).reshape(2, 3).T}, {})
    np.testing.assert_array_equal(load_weights(tmp_path / "own")[0]["w"], [[0, 3], [1, 4], [2, 5]])


def test_a_file_is_replaced_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "own"
    save_weights(path, {"w": np.zeros(3)}, {})
    save_weights(path, {"w": np.ones(3)}, {})
    assert [file.name for file in tmp_path.iterdir()] == ["own"]
    assert load_weights(path)[0]["w"].sum() == 3
    with pytest.raises(WeightsError, match="cannot hold these weights"):
        save_weights(path, {"w": np.array([object()])}, {})
    assert [file.name for file in tmp_path.iterdir()] == ["own"]
    assert load_weights(path)[0]["w"].sum() == 3


def test_a_missing_folder_is_said_once(tmp_path: Path) -> None:
    with pytest.raises(WriteError) as caught:
        save_weights(tmp_path / "none" / "own", ARRAYS, {})
    assert str(caught.value).count("do:") == 1


@pytest.mark.parametrize("kept", [0, 5, 100, -1])
def test_a_file_cut_short_is_an_error(tmp_path: Path, kept: int) -> None:
    save_weights(tmp_path / "own", ARRAYS, {})
    (tmp_path / "own").write_bytes((tmp_path / "own").read_bytes()[:kept])
    with pytest.raises(WeightsError, match="cannot be read as seg-video weights"):
        load_weights(tmp_path / "own")


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    save_weights(tmp_path / "own", ARRAYS, {})
    raw = bytearray((tmp_path / "own").read_bytes())
    raw[-3] ^= 1
    (tmp_path / "own").write_bytes(raw)
    with pytest.raises(WeightsError, match="checksum"):
        load_weights(tmp_path / "own")


def test_a_header_as_deep_as_a_well_is_a_weights_error(tmp_path: Path) -> None:
    (tmp_path / "deep.safetensors").write_bytes((100_000).to_bytes(8, "little") + b"[" * 100_000)
    for read in (read_metadata, load_weights):
        with pytest.raises(WeightsError, match="cannot be read"):
            read(tmp_path / "deep.safetensors")


def test_a_missing_file_is_a_weights_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="FileNotFoundError"):
        load_weights(tmp_path / "none")


@pytest.mark.parametrize(
    ("shape", "offsets"),
    [([1 << 34], [0, 1 << 36]), ([1 << 32, 1 << 32], [0, 0]), ([0, 1 << 62], [0, 0]), ([1] * 100, [0, 4])],
)
def test_a_header_that_claims_more_than_is_there_is_an_error(
    tmp_path: Path, shape: list[int], offsets: list[int]
) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": shape, "data_offsets": offsets}}).encode()
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(WeightsError, match="cannot be read"):
        load_weights(path)


@pytest.mark.parametrize("metadata", ["5", "null", '{"a": {"b": 1}}', "[" * 200_000])
def test_metadata_of_another_form_is_an_error(tmp_path: Path, metadata: str) -> None:
    header = f'{{"__metadata__":{metadata}}}'.encode()
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    for read in (read_metadata, load_weights):
        with pytest.raises(WeightsError, match="cannot be read"):
            read(path)
