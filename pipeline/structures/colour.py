"""ColourTags: what the numbers of a pixel mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

#: The code point that says nothing, in each of H.273's tables.
UNSPECIFIED = 2

#: Code points of H.273, table 4 (MatrixCoefficients), and the weights of red and blue in luma they stand for.
_LUMA_WEIGHTS = {
    1: (0.2126, 0.0722),  # BT.709
    4: (0.30, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.470 BG
    6: (0.299, 0.114),  # BT.601
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020, non-constant luminance
    10: (0.2627, 0.0593),  # BT.2020, constant luminance
}

#: Lines from which on untagged video is taken for HD, as players do.
_HD_LINES = 720


class LumaWeights(NamedTuple):
    """How much red and blue weigh in luma; green weighs the rest."""

    red: float
    blue: float


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

    def resolved_matrix(self, lines: int) -> int:
        """The matrix to compute with: the tagged one, else BT.709 from 720 coded lines on, BT.601 below."""
        if self.matrix in _LUMA_WEIGHTS:
            return self.matrix
        return 1 if lines >= _HD_LINES else 6

    def luma_weights(self, lines: int) -> LumaWeights:
        """The luma weights of `resolved_matrix`."""
        return LumaWeights(*_LUMA_WEIGHTS[self.resolved_matrix(lines)])
