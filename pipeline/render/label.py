"""Text as an anti-aliased patch: readable at any height, drawn once a word."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

_FONT = cv2.FONT_HERSHEY_SIMPLEX
#: Words are drawn this many times larger and averaged down: strokes of a small text keep their weight.
_OVERSAMPLING = 4
# Shares of the capitals' height.
_ASCENT, _DESCENT, _SPACE, _MARGIN, _STROKE = 1.15, 0.35, 0.5, 0.35, 0.14

#: Texts that are kept drawn. A frame has some ten labels; numbers of tracks that are gone do not come again.
_KEPT = 256


def label_text(name: str, track_id: int, score: float | None) -> str:
    """`car 12`, or with a score `car 12 0.93`."""
    return f"{name} {track_id}" if score is None else f"{name} {track_id} {score:.2f}"


@lru_cache(maxsize=_KEPT)
def label_alpha(text: str, capitals_px: int) -> NDArray[np.uint8]:
    """Alpha [h, w], 0..255, of the ink of `text` with a margin around it; capitals are `capitals_px` high.

    Words are drawn once and kept: labels share them, and frames share labels.
    """
    words = [_word(word, capitals_px) for word in text.split()]
    space, margin = max(round(_SPACE * capitals_px), 2), max(round(_MARGIN * capitals_px), 2)
    width = sum(word.shape[1] for word in words) + space * (len(words) - 1)
    top = margin // 2  # below, the descent is margin enough
    alpha = np.zeros((top + len(words[0]), margin + width + margin), np.uint8)
    left = margin
    for word in words:
        alpha[top:, left : left + word.shape[1]] = word
        left += word.shape[1] + space
    alpha.setflags(write=False)
    return alpha


@lru_cache(maxsize=_KEPT)
def _word(word: str, capitals_px: int) -> NDArray[np.uint8]:
    """Coverage [h, w], 0..255, of one word without any margin to its left and right."""
    large = capitals_px * _OVERSAMPLING
    scale, stroke = large / _capitals_at_scale_one(), max(round(_STROKE * large), 1)
    (width, _), _ = cv2.getTextSize(word, _FONT, scale, stroke)
    rows = round((_ASCENT + _DESCENT) * capitals_px) * _OVERSAMPLING
    columns = -(-(width + 2 * stroke) // _OVERSAMPLING) * _OVERSAMPLING
    canvas = np.zeros((rows, columns), np.uint8)
    baseline = round(_ASCENT * capitals_px) * _OVERSAMPLING
    cv2.putText(canvas, word, (stroke, baseline), _FONT, scale, 255, stroke, cv2.LINE_AA)
    size = (columns // _OVERSAMPLING, rows // _OVERSAMPLING)
    coverage = np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), np.uint8)
    inked = np.flatnonzero(coverage.any(axis=0))
    return coverage[:, inked[0] : inked[-1] + 1] if len(inked) else coverage[:, :1]


@lru_cache(maxsize=1)
def _capitals_at_scale_one() -> float:
    """Height of an H in px, its stroke included: OpenCV 5 brings another font than OpenCV 4; neither tells."""
    canvas = np.zeros((400, 400), np.uint8)
    cv2.putText(canvas, "H", (50, 350), _FONT, 8.0, 255, round(_STROKE * 160), cv2.LINE_AA)
    inked = np.flatnonzero(canvas.any(axis=1))
    return float(inked[-1] - inked[0] + 1) / 8.0
