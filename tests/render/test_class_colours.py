import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.render.class_colours import paint_classes
from pipeline.structures.pixel_classes import VOID, PixelClasses

CLASSES = PixelClasses.of({"sky": (0, 0, 200), "road": (255, 128, 0)})
LABELS = np.array([[0, 1], [VOID, 1]], np.uint8).repeat(50, axis=0)


@pytest.mark.parametrize(("kind", "scale"), [(np.uint8, 1), (np.uint16, 257)])
def test_each_pixel_is_mixed_with_the_colour_of_its_class(kind, scale):
    rgb = np.full((100, 2, 3), 100 * scale, kind)
    painted = paint_classes(rgb, LABELS, CLASSES, 0.5)
    assert painted.dtype == kind
    assert painted[0, 0].tolist() == pytest.approx([50 * scale, 50 * scale, 150 * scale], abs=1)
    assert painted[99, 1].tolist() == pytest.approx([177.5 * scale, 114 * scale, 50 * scale], abs=1)
    assert np.array_equal(painted[50:, 0], rgb[50:, 0])  # its class is not known


def test_classes_that_are_not_shown_keep_their_numbers():
    rgb = np.full((100, 2, 3), 100, np.uint8)
    painted = paint_classes(rgb, LABELS, CLASSES, 1.0, ("road",))
    assert painted[0].tolist() == [[100, 100, 100], [255, 128, 0]]
    assert np.array_equal(painted, paint_classes(rgb, LABELS, CLASSES, 1.0, (1,)))
    with pytest.raises(ConfigError, match="no class car"):
        paint_classes(rgb, LABELS, CLASSES, 1.0, ("car",))
