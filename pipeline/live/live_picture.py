"""LivePicture: one painted picture and what is told about it."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: Of the browser's picture: at 90, edges and labels stay clean; 720p has about 200 kB.
_QUALITY = 90


@dataclass(eq=False)
class LivePicture:
    """One painted picture.

    number : from 1, one more for each picture that is shown. rgb : uint8 [H, W, 3]. arrived : time.monotonic() when
    its source picture was here. facts : what is told about it, ready for JSON.
    """

    number: int
    rgb: NDArray[np.uint8]
    arrived: float
    facts: Mapping[str, Any]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _jpeg: bytes | None = None

    @property
    def jpeg(self) -> bytes:
        """The picture as a JPEG file: encoded once, when the first viewer asks, and never if nobody does."""
        with self._lock:
            if self._jpeg is None:
                stream = io.BytesIO()
                Image.fromarray(self.rgb).save(stream, "JPEG", quality=_QUALITY)
                self._jpeg = stream.getvalue()
            return self._jpeg
