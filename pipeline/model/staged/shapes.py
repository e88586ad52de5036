"""StageShapes: how large what passes between the stages is."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.config import MaskRCNNConfig

#: Regions a stage takes at a time. A frame's last portion is filled up with nothing, which costs as much: all proposals
#: go at once, but objects are few or many, and a mask costs what 20 boxes cost.
BOX_REGIONS, MASK_REGIONS = 100, 4


@dataclass(frozen=True)
class StageShapes:
    """Static shapes of the stages of a network on one canvas.

    canvas : height and width of the network's input in px.
    grids : cells (vertical, horizontal) of each level that regions are pooled from, finest first.
    channels : of a feature vector.
    samples : of a bin along an axis.
    """

    canvas: tuple[int, int]
    grids: tuple[tuple[int, int], ...]
    channels: int
    samples: int

    @classmethod
    def of(cls, config: MaskRCNNConfig, canvas: tuple[int, int]) -> StageShapes:
        """The shapes of the network with that config."""
        grids = tuple(
            (-(-canvas[0] // 2**level), -(-canvas[1] // 2**level)) for level in config.fpn.pooled_levels
        )
        align = config.roi_align
        samples = 1 if align.crop_and_resize else align.samples
        return cls(canvas, grids, config.fpn.channels, samples)

    @property
    def cells(self) -> int:
        """Rows of the table of feature vectors."""
        return sum(rows * columns for rows, columns in self.grids)

    @property
    def taps(self) -> int:
        """Cells that a bin reads."""
        return (2 * self.samples) ** 2
