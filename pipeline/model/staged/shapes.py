"""StageShapes: how large what passes between the stages is."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.config import MaskRCNNConfig

#: Bytes of feature vectors that a stage gathers at a time at most: what a CPU's last cache holds.
_BYTES = 50_000_000

#: Regions a stage takes at a time at most. Most frames have few objects, and a mask costs what 20 boxes cost.
_MOST_BOXES, _MOST_MASKS = 100, 8


@dataclass(frozen=True)
class StageShapes:
    """Static shapes of the stages of a network on one canvas.

    canvas : height and width of the network's input in px.
    grids : cells (vertical, horizontal) of each level that regions are pooled from, finest first.
    channels : of a feature vector.
    samples : of a bin along an axis.
    box_regions, mask_regions : how many regions the two heads take at a time.
    """

    canvas: tuple[int, int]
    grids: tuple[tuple[int, int], ...]
    channels: int
    samples: int
    box_regions: int
    mask_regions: int

    @classmethod
    def of(cls, config: MaskRCNNConfig, canvas: tuple[int, int]) -> StageShapes:
        """The shapes of the network with that config."""
        grids = tuple(
            (-(-canvas[0] // 2**level), -(-canvas[1] // 2**level)) for level in range(config.fpn.min_level, 6)
        )
        align = config.roi_align
        samples = 1 if align.crop_and_resize else align.samples
        channels = config.fpn.channels

        def portion(size: int, most: int) -> int:
            return max(min(_BYTES // ((2 * samples * size) ** 2 * channels * 4), most), 1)

        boxes, masks = portion(config.box_head.pool, _MOST_BOXES), portion(config.mask_head.pool, _MOST_MASKS)
        return cls(canvas, grids, channels, samples, boxes, masks)

    @property
    def cells(self) -> int:
        """Rows of the table of feature vectors."""
        return sum(rows * columns for rows, columns in self.grids)

    def taps(self, size: int) -> int:
        """Cells that the samples of `size` bins read along an axis."""
        return 2 * self.samples * size
