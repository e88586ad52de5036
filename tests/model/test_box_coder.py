import numpy as np

from pipeline.model import box_coder

REFERENCE = np.array([[10.0, 20.0, 30.0, 60.0]], np.float32)  # centre (20, 40), 20 wide, 40 high


def test_offsets_are_centre_shifts_over_size_and_logs_of_scale() -> None:
    box = np.array([[20.0, 30.0, 60.0, 50.0]], np.float32)  # centre (40, 40), 40 wide, 20 high
    offsets = box_coder.encode(box, REFERENCE, (1.0, 1.0, 1.0, 1.0))
    np.testing.assert_allclose(offsets, [[1.0, 0.0, np.log(2.0), -np.log(2.0)]], atol=1e-6)


def test_weights_multiply_on_encoding_and_divide_on_decoding() -> None:
    offsets = np.array([[10.0, -5.0, 5.0 * np.log(2.0), 0.0]], np.float32)
    boxes = box_coder.decode(offsets, REFERENCE, (10.0, 10.0, 5.0, 5.0))
    np.testing.assert_allclose(boxes, [[20.0, 0.0, 60.0, 40.0]], atol=1e-5)  # (40, 20), 40 x 40
    np.testing.assert_allclose(box_coder.encode(boxes, REFERENCE, (10.0, 10.0, 5.0, 5.0)), offsets, atol=1e-5)


def test_a_wild_scale_is_bounded_where_a_bound_is_given() -> None:
    offsets = np.array([[0.0, 0.0, 50.0, 0.0]], np.float32)
    boxes = box_coder.decode(offsets, REFERENCE, (1.0, 1.0, 1.0, 1.0), max_log_scale=np.log(4.0))
    np.testing.assert_allclose(boxes, [[-20.0, 20.0, 60.0, 60.0]], atol=1e-4)


def test_clipping_keeps_both_corners_inside_the_window() -> None:
    boxes = np.array([[-5.0, 2.0, 50.0, 8.0], [12.0, -9.0, 20.0, -1.0]], np.float32)
    clipped = box_coder.clip(boxes, (0.0, 0.0, 10.0, 6.0))
    np.testing.assert_allclose(clipped, [[0.0, 2.0, 10.0, 6.0], [10.0, 0.0, 10.0, 0.0]])
