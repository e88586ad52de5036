import numpy as np

from pipeline.model.config import InputConfig
from pipeline.model.geometry import fit
from pipeline.model.preprocess import preprocess, preprocess_into, resize, resize_to_whole_pixels

ROW = np.array([0.0, 10.0, 20.0, 30.0], np.float32).reshape(1, 1, 4, 1)


def test_halving_takes_the_mean_of_two_pixels() -> None:
    np.testing.assert_allclose(np.asarray(resize(ROW, (1, 2)))[0, 0, :, 0], [5.0, 25.0])


def test_doubling_interpolates_at_quarters_and_repeats_the_edge() -> None:
    expected = [0.0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30.0]
    np.testing.assert_allclose(np.asarray(resize(ROW, (1, 8)))[0, 0, :, 0], expected)


def test_with_a_zero_border_the_edge_is_mixed_with_black() -> None:
    expected = [0.0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 22.5]
    np.testing.assert_allclose(np.asarray(resize(ROW, (1, 8), zero_border=True))[0, 0, :, 0], expected)


def test_whole_pixels_are_cut_down_and_not_rounded() -> None:
    frames = ROW.astype(np.uint8)
    whole = np.asarray(resize_to_whole_pixels(frames, (1, 8), zero_border=True))[0, 0, :, 0]
    assert whole.tolist() == [0, 2, 7, 12, 17, 22, 27, 22]


def test_whole_pixels_agree_with_scikit_image() -> None:
    # Computed with skimage 0.26: resize(image, (3, 5), order=1, mode="constant", preserve_range=True,
    # anti_aliasing=False).astype(uint8) of the 4x7 image of multiples of 9.
    frames = (np.arange(28) * 9).reshape(1, 4, 7, 1).astype(np.uint8)
    whole = np.asarray(resize_to_whole_pixels(frames, (3, 5), zero_border=True))[0, ..., 0]
    assert whole.tolist() == [[12, 24, 37, 50, 62], [96, 108, 121, 134, 146], [180, 192, 205, 218, 230]]


def test_the_padding_of_a_letterbox_is_the_mean_colour() -> None:
    config = InputConfig(canvas=(64, 64), mean=(10.0, 20.0, 30.0), std=(1.0, 2.0, 4.0))
    frames = np.full((1, 32, 64, 3), 50, np.uint8)
    images = np.asarray(preprocess(frames, fit(32, 64, config), config))
    assert images.shape == (1, 64, 64, 3)
    np.testing.assert_allclose(images[0, 32, 0], [40.0, 15.0, 5.0])
    np.testing.assert_allclose(images[0, 0, 0], [0.0, 0.0, 0.0])


def test_matterports_padding_is_black() -> None:
    config = InputConfig(
        resize="square", min_size=32, max_size=64, mean=(10.0, 20.0, 30.0), std=(1.0, 1.0, 1.0),
        zero_border=True, whole_pixels=True,
    )  # fmt: skip
    images = np.asarray(preprocess(np.full((1, 32, 64, 3), 50, np.uint8), fit(32, 64, config), config))
    np.testing.assert_allclose(images[0, 0, 0], [-10.0, -20.0, -30.0])
    np.testing.assert_allclose(images[0, 32, 0], [40.0, 30.0, 20.0])


def test_a_canvas_that_held_another_frame_is_filled_with_the_same_numbers() -> None:
    config = InputConfig(canvas=(64, 96), mean=(10.0, 20.0, 30.0), std=(3.0, 7.0, 1.1))
    canvas = np.full((64, 96, 3), 7.0, np.float32)
    for size in ((64, 48), (32, 96), (20, 30), (64, 96)):
        frame = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
        geometry = fit(*size, config)
        preprocess_into(canvas, frame, geometry, config)
        np.testing.assert_array_equal(canvas, preprocess(frame[None], geometry, config)[0])
