"""The colours of objects: the same number has the same colour in every run."""

from __future__ import annotations

#: R, G, B. Each is the one farthest from all before it, in OKLab as seen with full colour vision and (at 1.4
#: times) without red or green receptors, among colours that stand out from asphalt, foliage and sky: the few
#: objects of a common frame differ most.
COLOURS = (
    (255, 153, 0),
    (136, 34, 255),
    (0, 255, 255),
    (221, 0, 102),
    (187, 153, 255),
    (238, 238, 51),
    (0, 204, 153),
    (153, 102, 187),
    (238, 85, 0),
    (136, 238, 153),
    (68, 136, 238),
    (221, 102, 153),
    (170, 34, 204),
    (34, 153, 0),
    (255, 153, 204),
    (17, 204, 68),
)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def colour_of(number: int) -> tuple[int, int, int]:
    """R, G, B of an object or class with this number, from 1 up; they come round after the last."""
    return COLOURS[(number - 1) % len(COLOURS)]


def ink_on(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    """Black or white, whichever has the greater WCAG 2 contrast with this colour."""
    linear = [_linear(channel / 255) for channel in rgb]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    # (L + 0.05) / 0.05 against 1.05 / (L + 0.05): equal at the root of 0.05 * 1.05.
    return BLACK if luminance + 0.05 > (0.05 * 1.05) ** 0.5 else WHITE


def _linear(value: float) -> float:
    """The light of a channel: the sRGB transfer curve, undone."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
