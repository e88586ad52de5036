from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipeline.labels.labelled_picture import Instance, LabelledPicture
from pipeline.training.picture_cache import PictureCache, build_cache

RANDOM = np.random.default_rng(0)
PICTURES = (
    LabelledPicture(
        RANDOM.integers(0, 256, (5, 7, 3)).astype(np.uint8),
        (
            Instance(3, np.array([1, 2, 4, 5], np.float32), mask=np.array([[1, 0, 1]] * 3, np.uint8), corner=(1, 2)),
            Instance(1, np.array([0.5, 0, 3, 2.25], np.float32), ignored=True),
        ),
        frozenset({1, 3}),
    ),
    LabelledPicture(RANDOM.integers(0, 256, (9, 4, 3)).astype(np.uint8), (), frozenset()),
)  # fmt: skip


class Source:
    """Counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self) -> Iterator[LabelledPicture]:
        self.reads += 1
        yield from PICTURES


def test_a_picture_comes_out_as_it_went_in(tmp_path: Path) -> None:
    cache = build_cache(tmp_path, "one", Source())
    assert len(cache) == 2
    for place, wanted in enumerate(PICTURES):
        found = cache[place]
        np.testing.assert_array_equal(found.pixels, wanted.pixels)
        assert found.scope == wanted.scope
        assert len(found.instances) == len(wanted.instances)
        for one, other in zip(found.instances, wanted.instances, strict=True):
            assert (one.category, one.ignored, one.corner) == (other.category, other.ignored, other.corner)
            np.testing.assert_array_equal(one.box, other.box)
            assert (one.mask is None) == (other.mask is None)
            if one.mask is not None:
                np.testing.assert_array_equal(one.mask, other.mask)


def test_the_ignored_are_nothing_to_learn_from(tmp_path: Path) -> None:
    cache = build_cache(tmp_path, "one", Source())
    assert [cache.categories(place) for place in range(2)] == [{3}, set()]


def test_pictures_are_read_once_for_each_identity(tmp_path: Path) -> None:
    source = Source()
    for identity, reads in (("one", 1), ("one", 1), ("two", 2), ("one", 3)):
        build_cache(tmp_path, identity, source)
        assert source.reads == reads


def test_a_cache_that_was_broken_off_is_made_anew(tmp_path: Path) -> None:
    def broken() -> Iterator[LabelledPicture]:
        yield PICTURES[0]
        raise KeyboardInterrupt

    build_cache(tmp_path, "one", Source())
    with pytest.raises(KeyboardInterrupt):
        build_cache(tmp_path, "two", broken)
    source = Source()
    # Neither the old one, whose files are overwritten, nor the half of the new one.
    assert isinstance(build_cache(tmp_path, "one", source), PictureCache)
    assert source.reads == 1


def test_a_picture_of_a_cache_cannot_be_written_to(tmp_path: Path) -> None:
    assert not build_cache(tmp_path, "one", Source())[0].pixels.flags.writeable
