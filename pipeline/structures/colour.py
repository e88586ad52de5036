"""Colours: a triple, and ColourTags, the meaning of the numbers of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

#: Red, green and blue, 0..255.
Rgb = tuple[int, int, int]

#: The code point that says nothing, in each of H.273's tables.
UNSPECIFIED = 2

#: MatrixCoefficients of H.273, table 4, by the standard whose weights they share (240M: nearly).
_MATRIX_NAMES = {
    1: "bt709",
    4: "bt601",  # FCC
    5: "bt601",  # BT.470 BG
    6: "bt601",
    7: "bt709",  # SMPTE 240M
    9: "bt2020",  # non-constant luminance
    10: "bt2020",  # constant luminance
}

#: Lines from which on untagged video is taken for HD, as players do.
_HD_LINES = 720


@dataclass(frozen=True)
class ColourTags:
    """Code points of ITU-T H.273 as the source carries them; UNSPECIFIED where it says nothing.

    matrix, primaries, transfer : MatrixCoefficients, ColourPrimaries, TransferCharacteristics.
    full_range : luma spans 0..255 instead of 16..235 (at 8 bit); None where the source does not say.
    """

    matrix: int = UNSPECIFIED
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    full_range: bool | None = None

    def matrix_name(self, lines: int) -> str:
        """bt601, bt709 or bt2020: as tagged; untagged, BT.709 from 720 coded lines on and BT.601 below."""
        guess = "bt709" if lines >= _HD_LINES else "bt601"
        return _MATRIX_NAMES.get(self.matrix, guess)
