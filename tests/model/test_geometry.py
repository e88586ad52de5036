import numpy as np
import pytest

from pipeline.model.config import InputConfig
from pipeline.model.geometry import Geometry, fit


@pytest.mark.parametrize(
    ("frame", "resized", "canvas"),
    [
        ((720, 1280), (749, 1333), (768, 1344)),  # the long side decides
        ((480, 640), (800, 1066), (800, 1088)),  # the short side decides, the other is cut down
        ((1, 1), (800, 800), (800, 800)),
        ((100, 4000), (33, 1333), (64, 1344)),
    ],
)
def test_shortest_edge_scales_to_800_unless_the_long_side_passes_1333(
    frame: tuple[int, int], resized: tuple[int, int], canvas: tuple[int, int]
) -> None:
    geometry = fit(*frame, InputConfig(resize="shortest_edge", min_size=800, max_size=1333))
    assert geometry == Geometry(frame, resized, (0, 0), canvas)


@pytest.mark.parametrize(
    ("frame", "resized", "offset"),
    [
        ((360, 640), (576, 1024), (224, 0)),
        ((640, 360), (1024, 576), (0, 224)),
        ((2000, 1000), (1024, 512), (0, 256)),
        ((101, 103), (800, 816), (112, 104)),
    ],
)
def test_square_centres_the_frame_and_may_enlarge_it(
    frame: tuple[int, int], resized: tuple[int, int], offset: tuple[int, int]
) -> None:
    geometry = fit(*frame, InputConfig(resize="square", min_size=800, max_size=1024))
    assert geometry == Geometry(frame, resized, offset, (1024, 1024))


def test_square_does_not_shrink_a_frame_that_fits() -> None:
    geometry = fit(360, 640, InputConfig(resize="square", min_size=256, max_size=1024))
    assert geometry == Geometry((360, 640), (360, 640), (332, 192), (1024, 1024))


@pytest.mark.parametrize(
    ("frame", "resized", "offset"),
    [
        ((720, 1280), (360, 640), (12, 0)),
        ((1000, 500), (384, 192), (0, 224)),
        ((1, 4000), (1, 640), (191, 0)),
    ],
)
def test_letterbox_fits_the_frame_into_the_canvas(
    frame: tuple[int, int], resized: tuple[int, int], offset: tuple[int, int]
) -> None:
    assert fit(*frame, InputConfig(canvas=(384, 640))) == Geometry(frame, resized, offset, (384, 640))


def test_boxes_go_back_to_the_frame_through_offset_and_scale() -> None:
    geometry = Geometry((720, 1280), (360, 640), (12, 0), (384, 640))
    boxes = np.array([[0.0, 12.0, 640.0, 372.0], [10.0, 22.0, 20.0, 32.0]], np.float32)
    frame_boxes = geometry.to_frame(boxes, inclusive_corners=False, whole_pixels=False)
    np.testing.assert_allclose(frame_boxes, [[0, 0, 1280, 720], [20, 20, 40, 40]])


def test_inclusive_corners_come_back_behind_their_last_pixel() -> None:
    geometry = Geometry((360, 640), (288, 512), (112, 0), (512, 512))
    assert geometry.window(inclusive_corners=True) == (0.0, 112.0, 511.0, 399.0)
    boxes = np.array([[0.0, 112.0, 511.0, 399.0], [51.1, 150.0, 100.0, 200.0]], np.float32)
    frame_boxes = np.asarray(geometry.to_frame(boxes, inclusive_corners=True, whole_pixels=True))
    # 51.1 * 639 / 511 = 63.9; 38 * 359 / 287 = 47.53; 100 * 639 / 511 + 1 = 126.05; 88 * 359 / 287 + 1 = 111.08
    np.testing.assert_allclose(frame_boxes, [[0, 0, 640, 360], [64, 48, 126, 111]])


def test_a_frame_of_one_pixel_has_a_way_back() -> None:
    geometry = fit(1, 1, InputConfig(canvas=(64, 64)))
    boxes = geometry.to_frame(np.array([[0.0, 0.0, 64.0, 64.0]], np.float32), False, False)
    np.testing.assert_allclose(boxes, [[0, 0, 1, 1]])
