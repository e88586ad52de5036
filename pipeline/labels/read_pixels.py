"""Read the pixels of a labelled picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.labels.truth import TruePicture


def read_pixels(picture: TruePicture) -> NDArray[np.uint8]:
    """uint8 RGB [H, W, 3] of a picture. Raises InputError if it does not match its labels."""
    pixels = cv2.imread(str(picture.file), cv2.IMREAD_COLOR)
    if pixels is None or pixels.shape[:2] != (picture.height, picture.width):
        raise InputError(
            f"{picture.file} is not the picture that its labels describe.",
            found="no picture" if pixels is None else f"{pixels.shape[1]}x{pixels.shape[0]} px",
            do=f"replace it by the file of {picture.width}x{picture.height} px",
        )
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8)
