"""Classes that a user asks for: by name in any case, or by number."""

import pytest

from pipeline.errors import ConfigError
from pipeline.render.asked_classes import asked_numbers
from pipeline.render.drawn_view import DrawnView
from pipeline.render.overlay import tinted_classes
from pipeline.render.settings import RenderSettings
from pipeline.structures.pixel_classes import PixelClasses

OBJECTS = {1: "Person", 3: "car", 10: "traffic light"}
PIXELS = PixelClasses.of({"Road": (128, 64, 128), "sky": (70, 130, 180)})


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ((), [1, 3, 10]),
        (("person", "CAR"), [1, 3]),
        ((" Traffic Light ", 1), [1, 10]),
        (("3",), [3]),
        (("road",), []),
    ],
)
def test_names_and_numbers(asked, numbers):
    assert asked_numbers(asked, OBJECTS.items()) == numbers


def test_what_passes_the_check_is_found_afterwards():
    """A word that the check before the work takes must choose something in each part of a view."""
    view = DrawnView.of("panoptic", "a model", OBJECTS, PIXELS)
    for asked, objects, stuff in (("PERSON", [1], ()), ("road", [], (0,)), (" Sky", [], (1,))):
        view.check([asked])
        settings = RenderSettings(view="panoptic", classes=(asked,))
        assert asked_numbers(settings.classes, OBJECTS.items()) == objects
        assert tinted_classes(settings, OBJECTS, PIXELS) == stuff
    with pytest.raises(ConfigError, match="no roads"):
        view.check(["roads"])
