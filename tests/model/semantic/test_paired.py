"""Two networks as one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from pipeline.model.semantic.paired import PairedNetworks
from pipeline.structures.pixel_classes import PixelClasses


def test_each_frame_gets_the_objects_of_one_and_a_quarter_of_the_classes_of_the_other() -> None:
    frames = np.zeros((2, 30, 41, 3), np.uint8)
    objects = SimpleNamespace(
        batch=8,
        callers=1,
        runtime="tensorflow",
        class_names={3: "car"},
        input_size=lambda width, height, aspect: (width, height),
        segment=lambda shown: [f"objects {place}" for place in range(len(shown))],
    )
    pixels = SimpleNamespace(
        classes=PixelClasses.of({"sky": (0, 0, 0)}),
        classify=lambda shown, size: [np.full(size, place, np.uint8) for place in range(len(shown))],
    )
    both = PairedNetworks(objects, pixels)  # type: ignore[arg-type]
    (first, _), (second, labels) = both.segment_with_classes(frames)
    assert (first, second) == ("objects 0", "objects 1")
    assert labels.shape == (8, 11)
    assert (labels == 1).all()
    assert (both.class_names, both.classes.names, both.batch) == ({3: "car"}, ("sky",), 8)
    assert both.input_size(7, 5, None) == (7, 5)
    assert both.segment(frames[:1]) == ["objects 0"]
