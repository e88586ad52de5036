"""Starts made of ncnn files: on the published ones against ncnn's own runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.model.mask_rcnn import make_model
from pipeline.model.presets import compact_esnet, compact_shufflenet
from pipeline.training.start import load_start
from research.foreign_start import make_foreign_start
from research.ncnn_file import read_ncnn

#: What the files call the output of the stem, and of each unit of the three stages.
_STEM = "pool2d_0.tmp_0"
_UNITS = (
    ("batch_norm_7.tmp_4", "reshape2_1.tmp_0", "reshape2_3.tmp_0"),
    ("batch_norm_20.tmp_4", *(f"reshape2_{number}.tmp_0" for number in (5, 7, 9, 11, 13, 15))),
    ("batch_norm_45.tmp_4", "reshape2_17.tmp_0", "reshape2_19.tmp_0"),
)


def computed_by_the_source(
    source: Path, images: np.ndarray, takes: str, names: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Each named map [1, H, W, C] of images [1, H, W, 3], which the graph calls `takes`."""
    ncnn = pytest.importorskip("ncnn", reason="needs the extra teachers")
    network = ncnn.Net()
    for option in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage", "winograd_convolution"):
        setattr(network.opt, f"use_{option}", False)
    network.load_param(str(source.with_suffix(".param")))
    network.load_model(str(source))
    found = {}
    pixels = np.ascontiguousarray(images[0].transpose(2, 0, 1))  # a Mat does not keep what it looks at
    for name in names:
        extractor = network.create_extractor()
        extractor.input(takes, ncnn.Mat(pixels))
        found[name] = np.array(extractor.extract(name)[1]).transpose(1, 2, 0)[None]
    return found


def blurred_noise() -> np.ndarray:
    """Network inputs float32 [1, 96, 96, 3]."""
    images = np.random.default_rng(0).normal(size=(1, 13, 15, 3)).repeat(8, 1).repeat(8, 2)
    return images.astype(np.float32)[:, :96, :96]


def test_nanodet_plus_computes_what_the_published_files_compute(shared: Path, tmp_path: Path) -> None:
    source = shared / "pretrained" / "nanodet-plus-m_416.bin"
    images, names = blurred_noise(), ("994", "1209", "1312")  # C3, C4 and C5
    wanted = computed_by_the_source(source, images[..., ::-1], "data", names)
    assert make_foreign_start("nanodet-plus", source, tmp_path / "start.safetensors") == 110
    model = make_model(compact_shufflenet())
    start = load_start(model, tmp_path / "start.safetensors")
    assert (len(start.taken), start.unused) == (110, ())
    maps = model.backbone(images)[1:]
    for found, name, order in zip(maps, names, model.backbone.channel_orders[1:], strict=True):
        other = wanted[name][..., order]
        # Its numbers are in float16, which ncnn rounds sums to as well.
        np.testing.assert_allclose(np.array(found), other, rtol=0, atol=2e-3 * np.abs(other).max())
        assert other.std() > 0.01


def test_each_unit_computes_what_the_published_files_compute(shared: Path, tmp_path: Path) -> None:
    source = shared / "pretrained" / "picodet-s-416.bin"
    images = blurred_noise()
    names = (_STEM, *(unit for stage in _UNITS for unit in stage))
    wanted = computed_by_the_source(source, images, "image", names)
    assert make_foreign_start("picodet", source, tmp_path / "start.safetensors") == 2 * (1 + 3 * 9 + 10 * 5)
    model = make_model(compact_esnet())
    start = load_start(model, tmp_path / "start.safetensors")
    assert (len(start.taken), start.unused) == (156, ())
    assert not any("backbone" in name for name in start.fresh)
    maps = model.backbone(images)
    np.testing.assert_allclose(np.array(maps[0]), wanted[_STEM], rtol=0, atol=1e-4)
    orders = model.backbone.channel_orders
    for stage, names, before, order in zip(
        model.backbone.stages, _UNITS, (_STEM, _UNITS[0][-1], _UNITS[1][-1]), orders[:-1], strict=True
    ):
        # Channels come and go in the order in which they are taken up, and half of them pass a unit by.
        opening, *others = stage
        found = [np.array(opening(wanted[before] if order is None else wanted[before][..., order])[0])]
        right = [wanted[names[0]][..., opening.writers[0].order]]
        for unit, name, inputs in zip(others, names[1:], names[:-1], strict=True):
            half = np.split(wanted[inputs], 2, axis=-1)[1]
            found.append(np.array(unit(half[..., unit.expand._reads])[0]))
            right.append(wanted[name][..., 1::2][..., unit.writers[0].order])
        for one, other in zip(found, right, strict=True):
            # Of features up to some tens.
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
            assert other.std() > 0.05
    for found, names, order in zip(maps[1:], _UNITS, orders[1:], strict=True):
        np.testing.assert_allclose(np.array(found), wanted[names[-1]][..., order], rtol=1e-3, atol=1e-3)


def test_half_precision_is_read_as_well(shared: Path) -> None:
    arrays = read_ncnn(shared / "pretrained" / "nanodet-plus-m_416.bin")
    kernel = arrays["conv0/weight"]
    assert (kernel.shape, kernel.dtype) == ((24, 3, 3, 3), np.float32)
    assert len([name for name in arrays if name.endswith("weight")]) == 67 + 43
    assert all(np.isfinite(array).all() and np.abs(array).max() < 100 for array in arrays.values())


def test_files_of_another_network_are_refused(shared: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="stage2_unit0"):
        make_foreign_start(
            "picodet", shared / "pretrained" / "nanodet-plus-m_416.bin", tmp_path / "start.safetensors"
        )
    assert not (tmp_path / "start.safetensors").exists()


def write_network(folder: Path, numbers: bytes, layer: str = "Convolution") -> Path:
    graph = f"7767517\n2 2\nInput image 0 1 image\n{layer} one 1 1 image out 0=2 1=1 5=1 6=4\n"
    (folder / "made.param").write_text(graph)
    (folder / "made.bin").write_bytes(numbers)
    return folder / "made.bin"


def test_a_kernel_and_its_bias_lie_behind_a_tag(tmp_path: Path) -> None:
    numbers = np.array([0], "<u4").tobytes() + np.array([1, 2, 3, 4, 5, 6], "<f4").tobytes()
    arrays = read_ncnn(write_network(tmp_path, numbers))
    np.testing.assert_array_equal(arrays["conv0/weight"][..., 0, 0], [[1, 2], [3, 4]])
    np.testing.assert_array_equal(arrays["conv0/bias"], [5, 6])


@pytest.mark.parametrize(
    ("numbers", "layer", "complaint"),
    [
        (b"\0" * 32, "Convolution", "of which the graph names 28"),
        (b"\1\0\0\0" + b"\0" * 24, "Convolution", "stored as 0x1"),
        (b"\0" * 12, "Convolution", "buffer"),
        (b"\0" * 28, "InnerProduct", "one is a InnerProduct, which is not read"),
    ],
)
def test_numbers_that_the_graph_does_not_explain_are_refused(
    tmp_path: Path, numbers: bytes, layer: str, complaint: str
) -> None:
    with pytest.raises(WeightsError, match=complaint):
        read_ncnn(write_network(tmp_path, numbers, layer))
