"""Compare the pictures of a source and an output, with the run's record if there is one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.proof.cells import Detail, Levels, Offset, PlaneDifference, cell_means, detail, plane_difference
from pipeline.proof.lag import Lag
from pipeline.proof.limits import Limits
from pipeline.proof.paired_frames import FramePair, paired_frames
from pipeline.proof.run_record import RunRecord
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.facts import MediaFacts

#: Share of the variance inside a frame's cells that may be lost in addition to what the PSNR allows.
_LOST_OF_NOISE = 0.05

#: The largest luma of 8 bit, on which PSNR is based at any depth.
_PEAK = 255.0

#: Chroma of grey.
_NO_COLOUR = 128.0

_PLANES = ("luma", "blue chroma", "red chroma")

#: Cells in which the two differ by less, in levels, are ignored: an encoder may turn one into the other.
_LEAST_CHANGE = 3.0

#: A cell decides if its distance to one of the two is at most this share of their difference and this many levels: a
#: painted cell is near to neither. With fewer deciding cells there is no verdict.
_NEAR_SHARE, _NEAR_LEVELS, _LEAST_DECIDING = 1 / 3, 3.0, 12

#: Share of the deciding cells needed for a verdict: paint moves too, and may decide by chance.
_MAJORITY = 0.7

#: Without a record: least share of a frame's luma cells that must match the source, to within so many levels.
_LEAST_SHARE, _SAME_LEVELS = 0.08, 5.0

#: Least number of blocks for a statement about the whole frame.
_LEAST_BLOCKS = 20

#: Variance of a block, averaged over all frames, from which on it has detail to lose.
_LEAST_PATTERN = 10.0


@dataclass
class Pictures:
    """The findings over all frames.

    frames : number that were compared. free, area : number of unpainted pixels, and of all. worst, worst_frame : mean
    squared difference and number of the frame whose unpainted luma differs most. untouched, painted, order : what is
    wrong with unpainted pixels, painted pixels and the order of frames: number of the frame, and words.
    """

    frames: int = 0
    free: int = 0
    area: int = 0
    worst: float = -1.0
    worst_frame: int | None = None
    untouched: list[tuple[int, str]] = field(default_factory=list)
    painted: list[tuple[int, str]] = field(default_factory=list)
    order: list[tuple[int, str]] = field(default_factory=list)

    @property
    def worst_db(self) -> float | None:
        """PSNR of the worst frame's unpainted luma; None if no value changed."""
        return 10 * math.log10(_PEAK * _PEAK / self.worst) if self.worst > 0 else None


@dataclass(frozen=True, eq=False)
class _Luma:
    """Means of a frame's luma cells, as they should be and as they are."""

    number: int
    wanted: Levels
    found: Levels


class _Bias:
    """Adds up, over all frames, by how much the cells of each plane are off."""

    def __init__(self) -> None:
        self._frames = 0
        self._offsets: dict[bool, list[Offset]] = {}

    def add(self, planes: tuple[PlaneDifference, ...]) -> None:
        """Add the planes of a frame."""
        self._frames += 1
        for painted in (False, True):
            new, old = [plane.offset(painted=painted) for plane in planes], self._offsets.get(painted)
            self._offsets[painted] = (
                new if old is None else [one + other for one, other in zip(old, new, strict=True)]
            )

    def drift(self, limits: Limits, *, painted: bool) -> Iterator[str]:
        """The planes that are off in all frames alike, where they are painted on or elsewhere."""
        for index, offset in enumerate(self._offsets.get(painted, ())):
            chroma = min(index, 1)
            # The same few cells err alike in all frames, so that more frames do not narrow what they may.
            of_few = (
                limits.mean_of(offset.cells / self._frames, chroma, painted=painted) / limits.mean[chroma]
            )
            if abs(offset.mean) > limits.video[chroma] * of_few:
                yield f"{_PLANES[index]} is off by {abs(offset.mean):.1f} levels over all frames"


def compare_pictures(
    source: MediaFacts, output: VideoInfo, record: RunRecord | None, limits: Limits
) -> Pictures:
    """Compare each frame of the output with the source's, painted as the record says.

    Without a record it is unknown which places were painted; then a twelfth of each frame, wherever it is, must match
    the source. Raises what `paired_frames` raises.
    """
    found = Pictures()
    bias = _Bias()
    total: Detail | None = None
    row: list[_Luma] = []
    lag = Lag()
    for pair in paired_frames(source, output, record):
        planes, left = _differences(pair), detail(pair.wanted[0], pair.found[0])
        found.frames += 1
        found.untouched += [(pair.number, words) for words in _everywhere(left, limits)]
        if pair.touched is None:
            found.untouched += [(pair.number, words) for words in _unlike(pair, planes)]
        else:
            _count(found, pair, planes)
            bias.add(planes)
            total = left if total is None else total + left
            lag.add(pair.wanted[0], pair.found[0])
            found.untouched += [(pair.number, words) for words in _off(planes, left, limits)]
            found.painted += [(pair.number, words) for words in _painted_off(planes, limits)]
        row = [*row[-2:], _Luma(pair.number, cell_means(pair.wanted[0]), cell_means(pair.found[0]))]
        found.order += _misplaced(row[-2], [*row[:-2], row[-1]], limits) if len(row) > 1 else []
    found.order += _misplaced(row[-1], row[-2:-1], limits) if row else []
    found.untouched += [(-1, words) for words in _in_all(bias, total, lag, found.frames, limits)]
    found.painted += [(-1, words) for words in bias.drift(limits, painted=True)]
    return found


def _in_all(bias: _Bias, total: Detail | None, lag: Lag, frames: int, limits: Limits) -> Iterator[str]:
    """The faults that show in all frames taken together."""
    yield from bias.drift(limits, painted=False)
    yield from _worn(total, frames, limits)
    if lag.share > limits.lag:
        yield f"{100 * lag.share:.0f} % of each frame comes from the one before"


def _differences(pair: FramePair) -> tuple[PlaneDifference, ...]:
    touched = pair.touched or (None, None, None)
    return tuple(map(plane_difference, pair.wanted, pair.found, touched))


def _count(found: Pictures, pair: FramePair, planes: tuple[PlaneDifference, ...]) -> None:
    assert pair.touched is not None
    found.free += int(pair.touched[0].size - np.count_nonzero(pair.touched[0]))
    found.area += pair.touched[0].size
    if planes[0].squared > found.worst:
        found.worst, found.worst_frame = planes[0].squared, pair.number


def _off(planes: tuple[PlaneDifference, ...], left: Detail, limits: Limits) -> Iterator[str]:
    """The faults of a frame in its unpainted pixels."""
    for index, (name, plane) in enumerate(zip(_PLANES, planes, strict=True)):
        chroma = min(index, 1)
        measures = {
            "a square of 8 px": (plane.worst_cell(painted=False), limits.cell),
            "a square of 32 px": (plane.worst_block(painted=False), limits.block),
        }
        for what, (value, most) in measures.items():
            if value > most[chroma]:
                yield f"{what} is off by {value:.1f} levels of {name}"
        yield from _all_off(plane, index, limits, painted=False)
        if plane.moved_px > limits.moved[chroma]:
            yield f"{name} is moved by {plane.moved_px:.1f} px"
    # Encoders lose more of noise, so a share of the variance is allowed on top.
    least = _PEAK * _PEAK / 10 ** (limits.psnr_db / 10) + _LOST_OF_NOISE * float(left.cell_pattern.mean())
    if planes[0].squared > least:
        yield "the PSNR is too low"
    kept, added = left.kept(limits.coarse), left.added()
    if kept.size and kept.min() < limits.kept:
        yield f"only {100 * max(kept.min(), 0):.0f} % of the detail of a square of 32 px is left"
    least_cell = left.least_in_a_cell(limits.coarse)
    if least_cell < limits.kept_cell:
        yield f"only {100 * max(least_cell, 0):.0f} % of the detail of a square of 8 px is left"
    if added.size and added.max() > limits.added:
        yield "a flat square of 32 px has gained noise or a pattern"


def _painted_off(planes: tuple[PlaneDifference, ...], limits: Limits) -> Iterator[str]:
    for index, (name, plane) in enumerate(zip(_PLANES, planes, strict=True)):
        chroma = min(index, 1)
        cell, block = plane.worst_cell(painted=True), plane.worst_block(painted=True)
        if cell > limits.painted[chroma]:
            yield f"a square of 8 px is off by {cell:.1f} levels of {name}"
        if block > limits.painted_block[chroma]:
            yield f"a square of 32 px is off by {block:.1f} levels of {name}"
        yield from _all_off(plane, index, limits, painted=True)


def _all_off(plane: PlaneDifference, index: int, limits: Limits, *, painted: bool) -> Iterator[str]:
    """The mean of all cells that are painted on, or of all others, if it is off."""
    offset = plane.offset(painted=painted)
    if abs(offset.mean) > limits.mean_of(offset.cells, min(index, 1), painted=painted):
        yield f"all is off by {abs(offset.mean):.1f} levels of {_PLANES[index]}"


def _unlike(pair: FramePair, planes: tuple[PlaneDifference, ...]) -> Iterator[str]:
    """The faults of a frame if it is unknown which places were painted."""
    if float(np.mean(np.abs(planes[0].cells) <= _SAME_LEVELS)) < _LEAST_SHARE:
        yield "hardly any of it matches the source"
    (own_y, own_u, own_v), (y, u, v) = (tuple(map(cell_means, side)) for side in (pair.wanted, pair.found))
    if _shows_other(y, own_y, float(np.median(y))):
        yield "nothing is left but a flat picture"
    if _shows_other(u, own_u, _NO_COLOUR) or _shows_other(v, own_v, _NO_COLOUR):
        yield "the colour is gone"
    if _shows_other(u, own_u, own_v) and _shows_other(v, own_v, own_u):
        yield "blue and red chroma are exchanged"


def _everywhere(left: Detail, limits: Limits) -> Iterator[str]:
    """The faults in the detail of the frame as a whole, allowing for painted places."""
    kept, added = left.kept(limits.coarse), left.added()
    if kept.size >= _LEAST_BLOCKS and np.quantile(kept, 0.9) < limits.kept:
        yield "most of the detail is gone"
    if added.size >= _LEAST_BLOCKS and np.quantile(added, 0.1) > limits.everywhere:
        yield "it has noise that the source does not have"


def _worn(total: Detail | None, frames: int, limits: Limits) -> Iterator[str]:
    """The faults in the detail of each place, over all frames taken together."""
    if total is None:
        return
    varies = total.pattern > _LEAST_PATTERN * limits.coarse**2 * frames
    kept = total.shared[varies] / total.pattern[varies]
    if kept.size and kept.min() < limits.kept_always:
        yield f"only {100 * max(kept.min(), 0):.0f} % of the detail of a square of 32 px is left over all frames"
    added = total.added(frames)
    if added.size and added.max() > limits.added_always:
        yield "a flat square of 32 px has gained noise or a pattern over all frames"
    least = total.least_in_a_cell(limits.coarse, frames)
    if least < limits.kept_cell_always:
        yield f"only {100 * max(least, 0):.0f} % of the detail of a square of 8 px is left over all frames"


def _misplaced(frame: _Luma, neighbours: Sequence[_Luma], limits: Limits) -> list[tuple[int, str]]:
    """A fault if the frame shows one of its neighbours instead of itself."""
    wrong = any(
        _shows_other(frame.found, frame.wanted, other.wanted, _LEAST_CHANGE * limits.coarse)
        for other in neighbours
    )
    return [(frame.number, "shows the frame before or after it")] if wrong else []


def _shows_other(
    found: Levels, own: Levels, other: Levels | float, least_change: float = _LEAST_CHANGE
) -> bool:
    """True if most of the cells that can decide show `other` instead of `own`.

    All are means of cells, of equal shape; a number stands for a flat picture. least_change : levels by which the two
    must differ in a cell for it to decide. If they hardly differ anywhere, the answer is False.
    """
    change = np.abs(own - other)
    to_own, to_other = np.abs(found - own), np.abs(found - other)
    near = np.minimum(to_own, to_other) <= np.minimum(change * _NEAR_SHARE, _NEAR_LEVELS)
    decides = near & (change >= least_change)
    if np.count_nonzero(decides) < _LEAST_DECIDING:
        return False
    return bool(np.mean((to_other < to_own)[decides]) > _MAJORITY)
