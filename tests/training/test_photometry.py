import numpy as np

from pipeline.training.photometry import random_photometry

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)


def test_no_strength_changes_nothing() -> None:
    assert random_photometry(PIXELS, 0.0, np.random.default_rng(0)) is PIXELS


def test_whatever_is_drawn_the_picture_keeps_its_size_and_type_and_the_source_its_pixels() -> None:
    before, random, different = PIXELS.copy(), np.random.default_rng(1), 0
    for _ in range(60):
        changed = random_photometry(PIXELS, 1.0, random)
        assert (changed.shape, changed.dtype) == (PIXELS.shape, np.uint8)
        different += not np.array_equal(changed, PIXELS)
    assert different == 60
    np.testing.assert_array_equal(PIXELS, before)


def test_the_same_luck_makes_the_same_picture() -> None:
    first, second = (random_photometry(PIXELS, 1.0, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_objects_stay_where_they_are() -> None:
    """Light, colour and compression move nothing: a bright block stays brighter than what is around it."""
    pixels = np.full((60, 60, 3), 60, np.uint8)
    pixels[20:40, 20:40] = 190
    random = np.random.default_rng(3)
    for _ in range(60):
        changed = random_photometry(pixels, 1.0, random).astype(float)
        block, ground = changed[25:35, 25:35].mean(), changed[25:35, :10].mean()
        assert block > ground
