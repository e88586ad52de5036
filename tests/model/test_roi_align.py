import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.model import roi_align as module
from pipeline.model.config import RoIAlignConfig
from pipeline.model.roi_align import pool_pixels, roi_align
from pipeline.model.samples import assign_levels

ALIGN = RoIAlignConfig()
CROP = RoIAlignConfig(crop_and_resize=True, rounded_levels=True)


def ramp(height: int, width: int) -> NDArray[np.float32]:
    """A feature map [1, H, W, 2] that holds each cell's column and row: sampling it reads off the position."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([x, y], axis=-1)[None]


def pooled(
    feature: NDArray[np.float32], box: list[float], size: int, **kwargs: object
) -> NDArray[np.float32]:
    boxes = np.array([[box]], np.float32)
    canvas = (feature.shape[1] * 4, feature.shape[2] * 4)
    settings = {"config": ALIGN, **kwargs}
    return np.asarray(roi_align([feature], range(2, 3), boxes, size, canvas, **settings))[0, 0]


def test_a_bin_is_the_mean_of_its_four_samples() -> None:
    # 8x8 cells of stride 4. The box spans cells 1..5 in x and 2..4 in y: bins of 2x1 cells.
    # Samples lie at x = 1.5, 2.5 | 3.5, 4.5 and y = 2.25, 2.75 | 3.25, 3.75.
    result = pooled(ramp(8, 8), [4.0, 8.0, 20.0, 16.0], 2)
    np.testing.assert_allclose(result[..., 0], [[2.0, 4.0], [2.0, 4.0]], atol=1e-6)
    np.testing.assert_allclose(result[..., 1], [[2.5, 2.5], [3.5, 3.5]], atol=1e-6)


def test_a_sample_between_cells_is_bilinear() -> None:
    feature = np.zeros((1, 4, 4, 1), np.float32)
    feature[0, 1, 1], feature[0, 1, 2], feature[0, 2, 1], feature[0, 2, 2] = 1.0, 2.0, 3.0, 4.0
    # One bin of 1x1 cell around (1.5, 1.5), samples at 1.25 and 1.75 both ways: the mean of the four cells.
    np.testing.assert_allclose(pooled(feature, [4.0, 4.0, 8.0, 8.0], 1), [[[2.5]]])
    # Moved by a quarter cell to the right: columns weigh 0.25 and 0.75.
    np.testing.assert_allclose(pooled(feature, [5.0, 4.0, 9.0, 8.0], 1), [[[2.75]]])


def test_a_region_smaller_than_a_cell_is_taken_as_one_cell() -> None:
    result = pooled(ramp(8, 8), [8.0, 8.0, 9.0, 9.0], 1)
    np.testing.assert_allclose(result[0, 0], [2.5, 2.5])


def test_just_outside_takes_the_border_and_far_outside_is_zero() -> None:
    ones = np.ones((1, 4, 4, 1), np.float32)
    np.testing.assert_allclose(pooled(ones, [-3.0, 0.0, 1.0, 4.0], 1), [[[1.0]]])  # samples at -0.5 and 0
    np.testing.assert_allclose(
        pooled(ones, [-8.0, 0.0, -4.0, 4.0], 1), [[[0.0]]]
    )  # samples at -1.75 and -1.25
    # Samples at 3.75 and 4.25: the first takes the last cell's value, the second is outside.
    np.testing.assert_allclose(pooled(ones, [14.0, 0.0, 18.0, 4.0], 1), [[[0.5]]])


def test_crop_and_resize_samples_from_edge_to_edge() -> None:
    # Canvas 33x33 in units of 32: the box 8..24 is 0.25..0.75 of the map's last cell, 8: samples at 2, 4, 6.
    boxes = np.array([[[8.0, 8.0, 24.0, 24.0]]], np.float32)
    result = np.asarray(
        roi_align([ramp(9, 9)], range(2, 3), boxes, 3, (33, 33), CROP, inclusive_corners=True)
    )[0, 0]
    np.testing.assert_allclose(result[0, :, 0], [2.0, 4.0, 6.0], atol=1e-5)
    np.testing.assert_allclose(result[:, 0, 1], [2.0, 4.0, 6.0], atol=1e-5)


def test_equation_1_sends_a_224_px_region_to_level_4() -> None:
    sides = np.array([10.0, 111.0, 112.0, 223.0, 224.0, 447.0, 448.0, 2000.0], np.float32)
    boxes = np.stack([sides * 0, sides * 0, sides, sides], axis=1)
    assert np.asarray(assign_levels(boxes, range(2, 6), ALIGN)).tolist() == [2, 2, 3, 3, 4, 4, 5, 5]
    # Rounded, the borders lie at 224 / sqrt(2) = 158.4 and at 316.8.
    sides = np.array([158.0, 159.0, 316.0, 317.0], np.float32)
    boxes = np.stack([sides * 0, sides * 0, sides, sides], axis=1)
    assert np.asarray(assign_levels(boxes, range(2, 6), CROP)).tolist() == [3, 4, 4, 5]


def test_a_region_reads_its_own_level_and_its_own_frame() -> None:
    fine = np.stack([np.full((16, 16, 1), 1.0), np.full((16, 16, 1), 10.0)]).astype(np.float32)
    coarse = np.stack([np.full((8, 8, 1), 2.0), np.full((8, 8, 1), 20.0)]).astype(np.float32)
    config = RoIAlignConfig(canonical_size=64.0)  # 16 px are level 2, 32 px level 3
    boxes = np.array([[[0, 0, 16, 16], [0, 0, 40, 40]]] * 2, np.float32)
    result = np.asarray(roi_align([fine, coarse], range(2, 4), boxes, 1, (64, 64), config))
    np.testing.assert_allclose(result[..., 0, 0, 0], [[1.0, 2.0], [10.0, 20.0]])


@pytest.mark.parametrize("count", [1, 7, 20])
def test_regions_come_out_the_same_however_many_are_gathered_at_a_time(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    feature = rng.normal(size=(2, 16, 16, 3)).astype(np.float32)
    corner = rng.uniform(0, 40, (2, 10, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(4, 20, (2, 10, 2))], axis=-1).astype(np.float32)
    whole = np.asarray(roi_align([feature], range(2, 3), boxes, 3, (64, 64), ALIGN))
    monkeypatch.setattr(module, "CPU_BYTES", count * 12 * 12 * 3 * 4)  # 12 x 12 vectors of 3 floats a region
    np.testing.assert_allclose(
        np.asarray(roi_align([feature], range(2, 3), boxes, 3, (64, 64), ALIGN)), whole, atol=1e-6
    )


def test_pixels_are_read_at_their_centres() -> None:
    images = np.random.default_rng(0).normal(size=(2, 12, 16, 3)).astype(np.float32)
    boxes = np.array([[[3, 2, 11, 10]], [[4, 4, 8, 8]]], np.float32)
    found = np.asarray(pool_pixels(images, boxes, 8))
    np.testing.assert_allclose(found[0, 0], images[0, 2:10, 3:11], atol=1e-6)
    # Twice as many bins as pixels: the outermost lies a quarter of a pixel within the edge.
    corner = images[1, 3:5, 3:5].reshape(4, 3)
    np.testing.assert_allclose(found[1, 0, 0, 0], np.array([1, 3, 3, 9]) @ corner / 16, atol=1e-6)
