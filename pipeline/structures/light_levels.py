"""LightLevels: HDR's static metadata, which tells a display how bright a video was made and gets."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

Chromaticity = tuple[Fraction, Fraction]

#: The units of chromaticities, and of luminances in cd/m2, in HEVC, H.264 (H.265, D.3.28; H.264, D.2.29) and MP4.
CHROMATICITY_UNIT, LUMINANCE_UNIT = Fraction(1, 50_000), Fraction(1, 10_000)

#: AV1's step of white in cd/m2; its others, 2^-16 for chromaticities and 2^-14 cd/m2 for black, are finer than the
#: units above (AV1, 6.7.4). Rounding from one to the other stays within the coarser ones.
_WHITE_STEP = Fraction(1, 256)


@dataclass(frozen=True)
class LightLevels:
    """The mastering display (SMPTE ST 2086) and the content's light (CTA-861.3); each None where not stated.

    chromaticities : CIE 1931 x, y of its red, green, blue and white. luminance : its black and its white, in
    cd/m2. content : MaxCLL and MaxFALL, the brightest pixel and the brightest frame's mean, in cd/m2; 0 where
    one of them is unknown.
    """

    chromaticities: tuple[Chromaticity, Chromaticity, Chromaticity, Chromaticity] | None = None
    luminance: tuple[Fraction, Fraction] | None = None
    content: tuple[int, int] | None = None

    def __bool__(self) -> bool:
        return not (self.chromaticities is None and self.luminance is None and self.content is None)

    @property
    def peak(self) -> float | None:
        """The brightest that is to be expected, in cd/m2: MaxCLL, else the mastering display's white."""
        if self.content is not None and self.content[0]:
            return float(self.content[0])
        return float(self.luminance[1]) if self.luminance is not None else None

    def same(self, other: LightLevels) -> bool:
        """True if both are the same, but for the rounding between codecs."""
        return (
            self.content == other.content
            and _near(_flat(self), _flat(other), (CHROMATICITY_UNIT,) * 8)
            and _near(self.luminance, other.luminance, (LUMINANCE_UNIT, _WHITE_STEP))
        )

    def __str__(self) -> str:
        """`0.005 to 1000 cd/m2, red 0.68 0.32, ..., MaxCLL 1000, MaxFALL 400`."""
        words = []
        if self.luminance is not None:
            black, white = (f"{float(level):.5g}" for level in self.luminance)
            words.append(f"{black} to {white} cd/m2")
        if self.chromaticities is not None:
            names = ("red", "green", "blue", "white")
            for name, (x, y) in zip(names, self.chromaticities, strict=True):
                words.append(f"{name} {float(x):.4g} {float(y):.4g}")
        if self.content is not None:
            words.append("MaxCLL {}, MaxFALL {}".format(*self.content))
        return ", ".join(words) or "none"


def _flat(levels: LightLevels) -> tuple[Fraction, ...] | None:
    points = levels.chromaticities
    return None if points is None else tuple(number for point in points for number in point)


def _near(
    one: tuple[Fraction, ...] | None, other: tuple[Fraction, ...] | None, steps: tuple[Fraction, ...]
) -> bool:
    if one is None or other is None:
        return one is other
    return all(abs(a - b) <= step for a, b, step in zip(one, other, steps, strict=True))
