"""Camera: where a point of the street lands in the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

#: Nearer than this nothing is drawn, in m.
NEAR = 1.6


@dataclass(frozen=True)
class Camera:
    """A pinhole behind the windscreen, looking along +z; x points right, y up, in m.

    width, height : picture in px. focal : focal length in px.
    centre : column of the vanishing point in px. horizon : its row.
    side : metres right of the lane's middle. eye : metres above the road; negative in a mirrored camera.
    bend : how the street turns: sideways shift at distance z is `bend * z**2`, in 1/m.
    """

    width: int
    height: int
    focal: float
    centre: float
    horizon: float
    side: float
    eye: float
    bend: float

    def mirrored(self) -> Camera:
        """The camera under the road that sees, upside down, what a wet road mirrors."""
        return replace(self, eye=-self.eye)

    @property
    def place(self) -> NDArray[np.float64]:
        """Where it stands, [3] in m."""
        return np.array([self.side, self.eye, 0.0])

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels [..., 2] of points [..., 3]; z has to be positive."""
        z = np.maximum(points[..., 2], 0.05)
        x = points[..., 0] - self.side + self.bend * z * z
        drop = np.sign(self.eye) * (self.eye - points[..., 1])
        return np.stack([self.centre + self.focal * x / z, self.horizon + self.focal * drop / z], axis=-1)

    def ground(self) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
        """x [rows, width] and z [rows, 1] in m of the road under each pixel, and the first of those rows."""
        first = int(self.horizon) + 3
        rows = np.arange(first, self.height, dtype=np.float64)[:, None] + 0.5
        z = self.focal * abs(self.eye) / (rows - self.horizon)
        columns = np.arange(self.width, dtype=np.float64)[None] + 0.5
        x = (columns - self.centre) * z / self.focal + self.side - self.bend * z * z
        return x.astype(np.float32), z.astype(np.float32), first
