"""Limits: how far encoded pictures may be from what the encoder was given, at the requested quality.

Measured on frames of four dashcam clips, from x264 at CRF 20 to 36, x265 at 23 to 36 and SVT-AV1 at 30 to 45, with
their fast presets: x264 at 20 moves no cell by more than 3.8 levels of luma and 2.2 of chroma, no block of 32x32 px by
more than 1.4 and 0.9, keeps 81 % of the detail of each cell that has much, and moves nothing by more than 0.03 px. A
step of CRF widens that by a decibel. x265 and above all SVT-AV1 let single cells go farther, and hardly a block.

Chroma at full size, which odd widths and heights get, is encoded 6 dB more coarsely by x264 and x265.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from pipeline.video.settings import EncodeSettings

#: Least PSNR of a frame in dB, unless lower quality was requested.
LEAST_PSNR_DB = 30.0

#: Cells from which on their mean is as near as that of a whole plane.
_MANY = 32

LumaChroma = tuple[float, float]


@dataclass(frozen=True)
class Limits:
    """Greatest differences between an encoded picture and its input, in levels of 8 bit, for luma and for chroma.

    Twice of what was measured with x264 at CRF 20. cell, painted : of a cell that is free, or painted on. block,
    painted_block : of 4x4 of them. mean : of many cells, free or painted on. video : of their mean over all frames.
    moved : px that a plane is moved by. kept, kept_always : share of a block's detail, in a frame and in all together.
    kept_cell, kept_cell_always : of a cell that has much of it. coarse : how many times as much a place has to vary, or
    to change, for that to be looked at. added, added_always, everywhere : squared levels of noise, in a flat block of a
    frame, in one on the mean of all frames, and all over a frame.
    lag : share of a frame that may come from the one before; x264 at 20 to 28, x265 at 23 and SVT-AV1 at 30 mix in
    0.07, 0.15, 0.05 and 0.07 of it at most. psnr_db : of a frame.
    """

    cell: LumaChroma = (9.0, 5.0)
    painted: LumaChroma = (10.0, 6.0)
    block: LumaChroma = (4.0, 2.2)
    painted_block: LumaChroma = (4.0, 2.6)
    mean: LumaChroma = (1.6, 1.2)
    video: LumaChroma = (0.8, 0.7)
    moved: LumaChroma = (0.2, 0.45)
    kept: float = 0.4
    kept_always: float = 0.25
    kept_cell: float = 0.45
    kept_cell_always: float = 0.5
    coarse: float = 1.0
    added: float = 45.0
    added_always: float = 3.0
    everywhere: float = 6.0
    lag: float = 0.12
    psnr_db: float = LEAST_PSNR_DB

    def mean_of(self, cells: float, chroma: int, *, painted: bool) -> float:
        """Of the mean of so many cells of a plane: a few, as panoptic paint leaves free, err as single ones do."""
        of_one = self.painted if painted else self.cell
        cells = max(cells, 1)
        return max(self.mean[chroma] * max(1, math.sqrt(_MANY / cells)), of_one[chroma] / cells)

    def at(self, psnr_db: float) -> Limits:
        """The limits at another PSNR: 6 dB less allow twice the difference, and double what counts as detail."""
        factor = 10 ** ((self.psnr_db - psnr_db) / 20)
        return replace(
            self.coarser(factor, factor),
            # A coarse encoder loses single places, but still keeps the mean of a frame.
            mean=_wider(self.mean, factor**0.7),
            video=_wider(self.video, factor**0.7),
            kept_cell=self.kept_cell,
            kept_cell_always=self.kept_cell_always,
            coarse=self.coarse * factor,
            added=self.added * factor**2,
            added_always=self.added_always * factor**2,
            everywhere=self.everywhere * factor**2,
            lag=self.lag * factor,
            psnr_db=psnr_db,
        )

    def coarser(self, cells: float, blocks: float) -> Limits:
        """The limits of an encoder whose cells and blocks differ by these factors more."""
        return replace(
            self,
            cell=_wider(self.cell, cells),
            painted=_wider(self.painted, cells),
            block=_wider(self.block, blocks),
            painted_block=_wider(self.painted_block, blocks),
            moved=_wider(self.moved, blocks),
            kept_cell=1 - (1 - self.kept_cell) * cells**2,
            kept_cell_always=1 - (1 - self.kept_cell_always) * blocks**2,
        )

    def with_full_chroma(self) -> Limits:
        """The limits of chroma that is as large as luma: encoders then give it 6 dB less, which hurts blocks less."""
        return replace(
            self,
            cell=_apart(self.cell, 1, 2),
            painted=_apart(self.painted, 1, 2),
            block=_apart(self.block, 1, 1.6),
            painted_block=_apart(self.painted_block, 1, 1.6),
        )


@dataclass(frozen=True)
class _Format:
    """The encoders of a format. crf : their default here. cells, blocks : differences at that CRF, relative to x264.

    step_db : PSNR that each further step of CRF costs.
    """

    crf: int
    cells: float
    blocks: float
    step_db: float


_FORMATS = {"hevc": _Format(23, 1.5, 1.1, 1.1), "av1": _Format(30, 4.0, 2.2, 0.6)}
_H264 = _Format(20, 1.0, 1.0, 1.0)

#: Factor for the encoder of a graphics card; and the PSNR assumed for a bitrate, whose quality is unknown.
_OF_A_CARD, _DB_OF_A_BITRATE = 1.5, 12.0

#: Lower bound of the required PSNR, in dB.
_LEAST_DB = 5.0


def limits_of(
    asked: EncodeSettings | None,
    codec: str,
    least_psnr_db: float | None = None,
    *,
    full_chroma: bool = False,
) -> Limits:
    """The limits of an output.

    asked : the settings that it was encoded with; None for the defaults. codec : FFmpeg's name of its format.
    least_psnr_db : the PSNR that the user requires; None: as the settings allow.
    full_chroma : whether its chroma is as large as its luma.
    """
    kind = _FORMATS.get(codec, _H264)
    limits = Limits().coarser(kind.cells, kind.blocks)
    if asked is not None and asked.encoder.endswith("nvenc"):
        limits = limits.coarser(_OF_A_CARD, _OF_A_CARD)
    if full_chroma:
        limits = limits.with_full_chroma()
    psnr_db = least_psnr_db
    if psnr_db is None and asked is not None and asked.bitrate is not None:
        psnr_db = _DB_OF_A_BITRATE
    if psnr_db is None and asked is not None and asked.crf is not None:
        psnr_db = max(LEAST_PSNR_DB - kind.step_db * max(asked.crf - kind.crf, 0), _LEAST_DB)
    return limits if psnr_db is None else limits.at(psnr_db)


def _wider(levels: LumaChroma, factor: float) -> LumaChroma:
    return factor * levels[0], factor * levels[1]


def _apart(levels: LumaChroma, luma: float, chroma: float) -> LumaChroma:
    return luma * levels[0], chroma * levels[1]
