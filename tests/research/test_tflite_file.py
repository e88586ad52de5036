import numpy as np

from research.tflite_file import dequantised


def test_a_value_is_its_channels_scale_times_its_distance_from_that_channels_zero() -> None:
    values = np.array([[10, 10], [20, 20]], np.int8)
    by_column = {"scales": np.float32([0.5, 2]), "zero_points": np.int32([0, 10]), "quantized_dimension": 1}
    np.testing.assert_array_equal(dequantised(values, by_column), [[5, 0], [10, 20]])
    by_row = {**by_column, "quantized_dimension": 0}
    np.testing.assert_array_equal(dequantised(values, by_row), [[5, 5], [20, 20]])


def test_one_scale_is_for_all() -> None:
    one = {"scales": np.float32([0.25]), "zero_points": np.int32([-4]), "quantized_dimension": 0}
    np.testing.assert_array_equal(dequantised(np.array([0, 4], np.int32), one), [1, 2])
