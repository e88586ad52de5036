from pathlib import Path
from typing import Any

import numpy as np

from pipeline.labels.coco_folder import PictureEntry
from pipeline.training.batches import picture_weights


def entry(name: str, *categories: int, crowd: bool = False, **record: Any) -> PictureEntry:
    annotations = tuple({"category_id": one, "iscrowd": int(crowd)} for one in categories)
    return PictureEntry({"file_name": name, **record}, annotations, Path(name))


def test_sources_and_driver_views_are_drawn_as_often_as_they_are_weighted() -> None:
    entries = [entry("a", source="x"), entry("b", source="y"), entry("c", source="y", view="driver")]
    weights = picture_weights(entries, frozenset(), {"y": 0.5}, driver_weight=4.0)
    np.testing.assert_allclose(weights, [1.0, 0.5, 2.0])


def test_the_held_out_are_never_drawn() -> None:
    weights = picture_weights([entry("a"), entry("b")], frozenset({"a"}), {})
    np.testing.assert_array_equal(weights, [0.0, 1.0])


def test_a_picture_with_a_rare_class_is_drawn_more_often() -> None:
    entries = [entry("a", 3), entry("b", 3), entry("c", 3), entry("d", 3, 6)]
    # The bus is in a quarter of the pictures: sqrt(0.36 / 0.25) = 1.2. The car, in all, changes nothing.
    np.testing.assert_allclose(picture_weights(entries, frozenset(), {}, rare_share=0.36), [1, 1, 1, 1.2])


def test_how_rare_a_class_is_counts_among_what_is_trained_on() -> None:
    entries = [entry("a", 6), entry("b", 6), entry("c", 3), entry("d", 3)]
    # With a held out, the bus is in a third of the pictures.
    weights = picture_weights(entries, frozenset({"a"}), {}, rare_share=0.48)
    np.testing.assert_allclose(weights, [0.0, 1.2, 1.0, 1.0])


def test_a_crowd_makes_no_picture_rare() -> None:
    entries = [entry("a", 3), entry("b", 3), entry("c", 3), entry("d", 6, crowd=True)]
    np.testing.assert_array_equal(picture_weights(entries, frozenset(), {}, rare_share=0.36), np.ones(4))
