import numpy as np

from pipeline.model.anchors import cell_anchors, level_anchors, pyramid_anchors
from pipeline.model.config import AnchorConfig


def test_a_cell_has_one_anchor_of_equal_area_for_each_ratio_of_height_to_width() -> None:
    exact = cell_anchors(32, (0.5, 1.0, 2.0), whole_pixels=False)
    np.testing.assert_allclose(exact[1], [-16, -16, 16, 16])
    np.testing.assert_allclose(
        exact[0], [-22.6274, -11.3137, 22.6274, 11.3137], atol=1e-4
    )  # wide: h / w = 0.5
    np.testing.assert_allclose(np.prod(exact[:, 2:] - exact[:, :2], axis=1), 32 * 32, rtol=1e-5)


def test_torchvision_rounds_the_corners() -> None:
    expected = [[-23, -11, 23, 11], [-16, -16, 16, 16], [-11, -23, 11, 23]]
    np.testing.assert_array_equal(cell_anchors(32, (0.5, 1.0, 2.0), whole_pixels=True), expected)


def test_anchors_run_over_columns_before_rows_and_shapes_before_columns() -> None:
    config = AnchorConfig(sizes=(4,), aspect_ratios=(1.0, 4.0), whole_pixels=False)
    anchors = level_anchors((2, 2), (8, 8), 4, config)
    assert anchors.shape == (8, 4)
    np.testing.assert_allclose(anchors[0], [-2, -2, 2, 2])
    np.testing.assert_allclose(anchors[1], [-1, -4, 1, 4])
    np.testing.assert_allclose(anchors[2], [6, -2, 10, 2])
    np.testing.assert_allclose(anchors[4], [-2, 6, 2, 10])


def test_a_level_that_was_rounded_up_has_torchvisions_stride_only_where_asked_for() -> None:
    sizes = (32.0, 64.0)
    from_grid = AnchorConfig(sizes=sizes, aspect_ratios=(1.0,), stride_from_grid=True)
    by_level = AnchorConfig(sizes=sizes, aspect_ratios=(1.0,))
    # 416 px: 13 rows at P5, 7 at P6; torchvision's stride there is 416 // 7 = 59 and not 64.
    rows = [pyramid_anchors((416, 64), range(5, 7), config)[1][:, 1] for config in (from_grid, by_level)]
    np.testing.assert_allclose(rows[0][:2] + 32, [0, 59])
    np.testing.assert_allclose(rows[1][:2] + 32, [0, 64])
    assert len(rows[0]) == 7


def test_inclusive_corners_end_on_the_last_pixel() -> None:
    config = AnchorConfig(sizes=(32.0,), aspect_ratios=(1.0,))
    (anchors,) = pyramid_anchors((32, 32), range(5, 6), config, inclusive_corners=True)
    np.testing.assert_allclose(anchors, [[-16, -16, 15, 15]])
