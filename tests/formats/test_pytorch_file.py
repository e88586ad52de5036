from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.formats.pytorch_file import read_state_dict
from tests.formats import torch_zip as tz

RAMP = np.arange(12, dtype=np.float32)
FLOATS = tz.storage("0", "FloatStorage", 12)


def archive_of(
    folder: Path, body: bytes, storages: dict[str, bytes] | None = None, **options: object
) -> Path:
    path = folder / "weights.pth"
    held = {"0": RAMP.tobytes()} if storages is None else storages
    tz.write_archive(path, tz.program(body), held, **options)
    return path


def test_a_genuine_file_gives_every_tensor(shared: Path) -> None:
    state = read_state_dict(shared / "parity" / "small_state_dict.pth")
    assert {name: (array.dtype.name, array.shape) for name, array in state.items()} == {
        "conv.weight": ("float32", (8, 3, 3, 3)),
        "conv.bias": ("float32", (8,)),
        "bn.num_batches_tracked": ("int64", ()),
        "half": ("float16", (4, 4)),
        "bf16": ("float32", (4, 4)),
        "transposed": ("float32", (4, 3)),
        "view": ("float32", (10,)),
    }
    np.testing.assert_array_equal(state["conv.bias"], np.arange(8))
    np.testing.assert_allclose(state["conv.weight"].ravel()[:2], [-1.1258398, -1.1523602], rtol=1e-7)
    assert state["bn.num_batches_tracked"] == 7
    np.testing.assert_allclose(state["half"].ravel()[:3], [-1.0, -0.8667, -0.7334], atol=1e-4)
    # 2/15 - 1 in bfloat16, which keeps 8 bits of mantissa.
    np.testing.assert_array_equal(state["bf16"].ravel()[:3], np.float32([-1.0, -0.8671875, -0.734375]))
    np.testing.assert_array_equal(state["transposed"][0], [0, 4, 8])
    np.testing.assert_array_equal(state["view"], np.arange(5, 15))


@pytest.mark.parametrize("write", [tz.write_state_dict, tz.write_old_state_dict])
def test_every_element_type_comes_back(tmp_path: Path, write) -> None:
    state = {
        "double": np.array([0.1, -2.0]),
        "single": np.array([[0.5, 1.5, 2.5]], np.float32),
        "half": np.array([0.25], np.float16),
        "brain": np.array([1.0, -3.140625], ml_dtypes.bfloat16),
        "long": np.array(-(2**40)),
        "int": np.array([7], np.int32),
        "short": np.array([-7], np.int16),
        "char": np.array([-128], np.int8),
        "byte": np.array([255], np.uint8),
        "bool": np.array([True, False]),
        "empty": np.zeros((0, 3), np.float32),
    }
    write(tmp_path / "all.pth", state)
    read = read_state_dict(tmp_path / "all.pth")
    assert list(read) == list(state)
    for name, array in state.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == (np.float32 if name == "brain" else array.dtype)


def test_views_of_one_storage_keep_offset_and_strides(tmp_path: Path) -> None:
    body = tz.mapping(
        {
            "row": tz.tensor(FLOATS, 4, (4,), (1,)),
            "transposed": tz.tensor(FLOATS, 0, (4, 3), (1, 4)),
            "every_other": tz.parameter(tz.tensor(FLOATS, 1, (2, 3), (6, 2))),
        }
    )
    state = read_state_dict(archive_of(tmp_path, body))
    np.testing.assert_array_equal(state["row"], [4, 5, 6, 7])
    np.testing.assert_array_equal(state["transposed"], [[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]])
    np.testing.assert_array_equal(state["every_other"], [[1, 3, 5], [7, 9, 11]])
    assert np.shares_memory(state["row"], state["transposed"])


def test_a_big_endian_file_is_turned(tmp_path: Path) -> None:
    body = tz.mapping({"a": tz.tensor(FLOATS, 0, (12,), (1,))})
    path = archive_of(tmp_path, body, {"0": RAMP.astype(">f4").tobytes()}, byteorder=b"big")
    np.testing.assert_array_equal(read_state_dict(path)["a"], RAMP)


def test_a_wrapped_state_dict_is_found(tmp_path: Path) -> None:
    wrapped = {"model": tz.mapping({"module.a": tz.tensor(FLOATS, 0, (2,), (1,))}), "epoch": tz.integer(3)}
    state = read_state_dict(archive_of(tmp_path, tz.mapping(wrapped)))
    assert list(state) == ["module.a"]


def test_two_state_dicts_are_named_and_refused(tmp_path: Path) -> None:
    halves = {
        "model": tz.mapping({"a": tz.tensor(FLOATS, 0, (1,), (1,))}),
        "ema": tz.mapping({"a": tz.tensor(FLOATS, 5, (1,), (1,))}),
    }
    path = archive_of(tmp_path, tz.mapping(halves))
    with pytest.raises(WeightsError, match="'model', 'ema'"):
        read_state_dict(path)


def test_a_file_without_a_state_dict_says_what_it_holds(tmp_path: Path) -> None:
    body = tz.mapping({"epoch": tz.integer(3), "a": tz.tensor(FLOATS, 0, (1,), (1,))})
    with pytest.raises(WeightsError, match="'epoch': int, 'a': TensorRecord"):
        read_state_dict(archive_of(tmp_path, body))


class _Writes:
    """Unpickled by Python's own unpickler, writes the file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        import os

        return os.system, (f"echo ran > '{self.target}'",)


def hostile_bodies(target: Path) -> dict[str, tuple[bytes, str]]:
    shell = tz.text(f"echo ran > '{target}'")
    rebuild = tz.name("torch._utils", "_rebuild_tensor_v2")
    state = b"}" + tz.text("__setstate__") + tz.text("x") + b"s"
    return {
        "os.system": (tz.call(tz.name("posix", "system"), shell), "forbidden global posix.system"),
        "eval": (
            tz.call(tz.name("builtins", "eval"), tz.text(f"open({str(target)!r}, 'w')")),
            "forbidden global builtins.eval",
        ),
        "dotted": (
            tz.call(tz.name("torch._utils", "os.system"), shell),
            "forbidden global torch._utils.os.system",
        ),
        "space": (tz.call(tz.name("torch._utils _rebuild_tensor_v2", "os"), shell), "forbidden global"),
        "reduce with strings": (tz.call(rebuild, shell), "a tensor with 1 arguments"),
        "reduce of a string": (tz.call(tz.text("os.system"), shell), "a call of str"),
        "reduce of a storage type": (
            tz.call(tz.name("torch", "FloatStorage"), shell),
            "which builds no tensor",
        ),
        "build on a function": (rebuild + state + b"b", "attributes set on a _Global"),
        "build on a tensor": (
            tz.tensor(FLOATS, 0, (1,), (1,)) + state + b"b",
            "attributes set on a TensorRecord",
        ),
        "inst": (b"(" + shell + b"iposix\nsystem\n", "the pickle instruction INST"),
        "newobj": (tz.name("collections", "OrderedDict") + b")\x81", "the pickle instruction NEWOBJ"),
        "extension": (b"\x82\x01", "the pickle instruction EXT1"),
        "backslash": (tz.call(tz.name("torch._utils", "\\ios"), shell), "invalid escape"),
        "stack global": (tz.text("posix") + tz.text("system") + b"\x93", "forbidden global posix.system"),
    }


@pytest.mark.parametrize("kind", list(hostile_bodies(Path("unused"))))
@pytest.mark.parametrize("container", ["zip", "stream"])
def test_a_hostile_pickle_runs_nothing(tmp_path: Path, kind: str, container: str) -> None:
    target = tmp_path / "ran"
    body, message = hostile_bodies(target)[kind]
    path = tmp_path / "hostile.pth"
    if container == "zip":
        tz.write_archive(path, tz.program(body), {"0": RAMP.tobytes()})
    else:
        tz.write_stream(path, tz.program(body), {"0": RAMP.tobytes()}, {"0": 12})
    with pytest.raises(WeightsError, match=message):
        read_state_dict(path)
    assert not target.exists()


def test_the_hostile_pickle_of_this_test_would_run_in_pythons_own_unpickler(tmp_path: Path) -> None:
    target = tmp_path / "ran"
    dumped = pickle.dumps(_Writes(target), protocol=2)
    tz.write_archive(tmp_path / "hostile.pth", dumped, {})
    with pytest.raises(WeightsError, match=r"forbidden global posix\.system"):
        read_state_dict(tmp_path / "hostile.pth")
    assert not target.exists()
    pickle.load(io.BytesIO(dumped))
    assert target.exists()


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (0, (13,), (1,)),
        (9, (4,), (1,)),
        (0, (3, 4), (5, 1)),
        (13, (0,), (1,)),
        (-1, (2,), (1,)),
        (0, (2,), (-1,)),
        (0, (2, 2), (1,)),
        (0, (2**40,), (0,)),
        (0, (2**62, 2**62), (0, 0)),
        (0, (1,) * 33, (1,) * 33),
    ],
)
def test_a_tensor_never_leaves_its_storage(tmp_path: Path, offset: int, shape: tuple, strides: tuple) -> None:
    body = tz.mapping({"a": tz.tensor(FLOATS, offset, shape, strides)})
    with pytest.raises(WeightsError, match=r"leaves storage 0 of 12|no whole numbers|sizes and \d+ strides"):
        read_state_dict(archive_of(tmp_path, body))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (tz.storage("../../etc/passwd", "FloatStorage", 12), "a storage whose key is no number"),
        (tz.storage("0", "FloatStorage", -1), "storage 0 without a number of elements"),
        (tz.storage("0", "FloatStorage", 2**50), "holds 48 bytes and declares"),
        (tz.storage("9", "FloatStorage", 12), "no member archive/data/9"),
        (tz.storage("0", "DoubleStorage", 12), "holds 48 bytes and declares 96"),
        (tz.text("storage") + b"Q", "a persistent id that names no storage"),
        (tz.sequence(tz.text("module"), tz.text("x")) + b"Q", "a persistent id that names no storage"),
    ],
)
def test_a_storage_that_is_not_what_it_declares_is_refused(
    tmp_path: Path, place: bytes, message: str
) -> None:
    with pytest.raises(WeightsError, match=message):
        read_state_dict(archive_of(tmp_path, tz.mapping({"a": tz.tensor(place, 0, (1,), (1,))})))


def test_one_storage_of_two_types_is_refused(tmp_path: Path) -> None:
    halves = tz.tensor(tz.storage("0", "HalfStorage", 24), 0, (1,), (1,))
    body = tz.mapping({"a": tz.tensor(FLOATS, 0, (1,), (1,)), "b": halves})
    with pytest.raises(WeightsError, match="storage 0 declared with two types"):
        read_state_dict(archive_of(tmp_path, body))


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # zipfile's own, about what the test does
def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = archive_of(tmp_path, tz.mapping({"a": tz.tensor(FLOATS, 0, (1,), (1,))}))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/data/0", (RAMP + 1).tobytes())
    with pytest.raises(WeightsError, match="two members of one name"):
        read_state_dict(path)


def test_an_old_file_whose_lengths_disagree_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    body = tz.program(tz.mapping({"a": tz.tensor(FLOATS, 0, (1,), (1,))}))
    tz.write_stream(path, body, {"0": RAMP.tobytes()}, {"0": 11})
    with pytest.raises(WeightsError, match="another length before storage 0 than the 12"):
        read_state_dict(path)
    tz.write_stream(path, body, {"1": RAMP.tobytes()}, {"1": 12})
    with pytest.raises(WeightsError, match="a list of storages that differs"):
        read_state_dict(path)
    tz.write_stream(path, body, {0: RAMP.tobytes()}, {0: 12})
    with pytest.raises(WeightsError, match="a list of storages that differs"):
        read_state_dict(path)


def test_a_recall_of_something_never_stored_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="recalls entry 4"):
        read_state_dict(archive_of(tmp_path, b"h\x04"))


def test_compressed_members_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        body = tz.mapping({"a": tz.tensor(tz.storage("0", "FloatStorage", 2**20), 0, (1,), (1,))})
        archive.writestr("archive/data.pkl", tz.program(body))
        archive.writestr("archive/data/0", bytes(2**22))
    with pytest.raises(WeightsError, match="2 compressed members"):
        read_state_dict(path)


@pytest.mark.parametrize("member", ["../evil", "/evil", "archive/../../evil", "a\\evil"])
def test_members_with_odd_names_are_refused(tmp_path: Path, member: str) -> None:
    path = archive_of(tmp_path, tz.mapping({"a": tz.tensor(FLOATS, 0, (1,), (1,))}))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member, b"")
    with pytest.raises(WeightsError, match="a member called"):
        read_state_dict(path)


@pytest.mark.parametrize("write", [tz.write_state_dict, tz.write_old_state_dict])
@pytest.mark.parametrize("kept", [3, 30, 0.5, 0.97])
def test_a_file_cut_short_is_an_error(tmp_path: Path, write, kept: float) -> None:
    path = tmp_path / "cut.pth"
    write(path, {"a": RAMP, "b": RAMP})
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(len(whole) * kept)])
    with pytest.raises(WeightsError, match=str(path)):
        read_state_dict(path)


def test_a_flipped_bit_in_a_tensor_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "flipped.pth"
    tz.write_state_dict(path, {"a": RAMP})
    raw = bytearray(path.read_bytes())
    raw[raw.index(RAMP.tobytes()) + 3] ^= 1
    path.write_bytes(raw)
    with pytest.raises(WeightsError, match="CRC"):
        read_state_dict(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "an empty file"), (b"<!DOCTYPE html>", "<!DO"), (b"PK\x03\x04zip", "BadZipFile")],
)
def test_what_is_no_pytorch_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "other.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        read_state_dict(path)


def test_a_pickle_that_torch_never_wrote_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    path.write_bytes(pickle.dumps([1, 2], protocol=2))
    with pytest.raises(WeightsError, match="a list, not with PyTorch's magic number"):
        read_state_dict(path)


def test_a_missing_file_is_a_weights_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be opened"):
        read_state_dict(tmp_path / "none.pth")


def test_a_torchscript_archive_is_named(tmp_path: Path) -> None:
    path = archive_of(tmp_path, tz.mapping({"a": tz.tensor(FLOATS, 0, (1,), (1,))}))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/constants.pkl", b"")
    with pytest.raises(WeightsError, match="TorchScript"):
        read_state_dict(path)
