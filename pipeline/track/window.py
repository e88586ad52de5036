"""Window: the frames that are known but not final yet, and the tracks that pass through them.

The look back moves it along; between two calls it is packed into the state. Nothing here decides anything.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.detections import Detections
from pipeline.structures.tracks import NO_TRACK
from pipeline.track.extrapolation import Gap
from pipeline.track.observation import Observation
from pipeline.track.standing_parts import StandingParts

#: A track's id before it is decided whether it is an object.
UNDECIDED = 0


@dataclass(eq=False)
class WindowFrame:
    """A frame whose tracks are not final.

    number : counts from the film's first frame. seconds : its time. looked : whether the network looked at it.
    camera : float64 [3, 3], the picture's motion since the frame before. moved : FrameMotion's.
    found : its detections. columns : int [N], column of each one's class.
    owners : int64 [N], number of the track that each belongs to, or NO_TRACK.
    """

    number: int
    seconds: float
    looked: bool
    camera: NDArray[np.float64]
    moved: float
    found: Detections
    columns: NDArray[np.intp]
    owners: NDArray[np.int64]

    @cached_property
    def boxes(self) -> NDArray[np.float64]:
        """Float64 [N, 4], those that were found."""
        return self.found.boxes.astype(np.float64)

    @cached_property
    def scores(self) -> list[float]:
        """Those of what was found."""
        return self.found.scores.tolist()

    def observation(self, row: int) -> Observation:
        """The object of one row."""
        return Observation(
            self.number, self.seconds, row, self.boxes[row], self.scores[row], self.found.roi_masks[row]
        )


@dataclass(eq=False)
class Life:
    """One track, as far as it is known.

    number : the forward step's. id : the object's id; UNDECIDED until it is judged.
    column : of its class; -1 before it is judged. votes : float64 [C], sum of its scores for each class.
    judged : the score that it is judged by. extended, joined : whether that was tried for its first and last frame.
    standing : box [4] where it stands as a part of the own car, while it does; None otherwise.
    before : where it was last seen in a frame that is final; None where all of it is in the window.
    seen : where it was found in the window, in order. ranked : their scores, the least first.
    gap : the way to the first of them, once it was asked for.
    """

    number: int
    votes: NDArray[np.float64]
    id: int = UNDECIDED
    column: int = -1
    judged: float = 0.0
    extended: bool = False
    joined: bool = False
    standing: NDArray[np.float64] | None = None
    before: Observation | None = None
    seen: deque[Observation] = field(default_factory=deque)
    ranked: list[float] = field(default_factory=list)
    gap: Gap | None = field(default=None, init=False)

    def add(self, one: Observation) -> None:
        """Take in one more time at which it was found, mostly the last."""
        place = len(self.seen)
        while place and self.seen[place - 1].frame > one.frame:
            place -= 1
        self.seen.insert(place, one)
        insort(self.ranked, one.score)

    def pop_first(self) -> Observation:
        """Take the first time from it at which it was found in the window."""
        one = self.seen.popleft()
        del self.ranked[bisect_left(self.ranked, one.score)]
        return one

    @property
    def known(self) -> list[Observation]:
        """All that is remembered of it, in order."""
        return [*([self.before] if self.before else []), *self.seen]

    @property
    def first(self) -> Observation:
        """The earliest that is remembered."""
        return self.before or self.seen[0]

    @property
    def last(self) -> Observation:
        """The latest."""
        if self.seen:
            return self.seen[-1]
        assert self.before is not None
        return self.before


@dataclass(frozen=True, eq=False)
class Past:
    """The facts that are kept of a frame that is final."""

    number: int
    seconds: float
    looked: bool
    camera: NDArray[np.float64]


@dataclass(eq=False)
class Window:
    """All that the look back remembers.

    next_id : the next object's. classes : how many classes there are. frames : not final. past : the last final ones.
    lives : by number. aliases : the number that another number's detections go to, and when one last came.
    parts : what stands still in the picture.
    """

    next_id: int
    classes: int
    frames: deque[WindowFrame] = field(default_factory=deque)
    past: deque[Past] = field(default_factory=deque)
    lives: dict[int, Life] = field(default_factory=dict)
    aliases: dict[int, tuple[int, float]] = field(default_factory=dict)
    parts: StandingParts = field(default_factory=StandingParts)

    @property
    def now(self) -> float:
        """Time of the latest frame."""
        return self.frames[-1].seconds

    @property
    def timeline(self) -> list[Past | WindowFrame]:
        """All frames that are remembered, in order."""
        return [*self.past, *self.frames]

    def at(self, number: int) -> WindowFrame:
        """A frame of the window by its number."""
        return self.frames[number - self.frames[0].number]

    def between(self, first: int, last: int) -> Iterator[Past | WindowFrame]:
        """The remembered frames with numbers after `first` and before `last`, in order."""
        start = self.frames[0].number
        for number in range(first + 1, last):
            yield self.at(number) if number >= start else self.past[number - start]

    def gap(self, life: Life) -> Gap:
        """The way of a track from where it was last seen in a final frame to its next time."""
        before, after = life.before, life.seen[0]
        assert before is not None
        if life.gap is None or life.gap.before is not before or life.gap.after is not after:
            frames = list(self.between(before.frame, after.frame + 1))
            life.gap = Gap(before, after, [one.seconds for one in frames], [one.camera for one in frames])
        return life.gap

    def still(self) -> dict[int, NDArray[np.float64]]:
        """By number, the motion [3, 3] that takes a remembered frame's picture to the latest one's."""
        timeline = self.timeline
        motion, motions = np.eye(3), {}
        for one in reversed(timeline):
            motions[one.number] = motion
            motion = motion @ one.camera
        return motions

    def add(self, frame: WindowFrame) -> None:
        """Take in the next frame; its owners become the tracks that they are known as by now."""
        self.frames.append(frame)
        taken: set[int] = set()
        for row, owner in enumerate(frame.owners.tolist()):
            if owner == NO_TRACK:
                continue
            number = self._known_as(owner, frame.seconds)
            frame.owners[row] = NO_TRACK
            if number not in taken:  # of a track's two detections the better one comes first
                taken.add(number)
                self.claim(frame, row, number)

    def claim(self, frame: WindowFrame, row: int, number: int) -> None:
        """Give a detection that belongs to no track to this one, which is begun where there is none yet."""
        frame.owners[row] = number
        if number not in self.lives:
            self.lives[number] = Life(number, np.zeros(self.classes))
        life = self.lives[number]
        life.votes[frame.columns[row]] += frame.scores[row]
        life.add(frame.observation(row))

    def release(self, life: Life) -> None:
        """Take the first detection that a track has in the window from it."""
        one = life.pop_first()
        frame = self.at(one.frame)
        frame.owners[one.row] = NO_TRACK
        life.votes[frame.columns[one.row]] -= one.score

    def drop(self, life: Life) -> None:
        """Take all that a track has in the window from it, and forget it."""
        for one in life.seen:
            self.at(one.frame).owners[one.row] = NO_TRACK
        del self.lives[life.number]

    def merge(self, kept: Life, other: Life) -> None:
        """Make one track of two; where both were found in a frame, the detection of `kept` stands for it."""
        own = {one.frame for one in kept.seen}
        for one in other.seen:
            self.at(one.frame).owners[one.row] = NO_TRACK if one.frame in own else kept.number
        for one in other.seen:
            if one.frame not in own:
                kept.add(one)
        befores = [life.before for life in (kept, other) if life.before]
        kept.before = max(befores, key=lambda one: one.frame, default=None)
        kept.votes = kept.votes + other.votes
        kept.judged = max(kept.judged, other.judged)
        kept.joined = kept.joined and other.joined
        del self.lives[other.number]
        for number, (target, seconds) in self.aliases.items():
            if target == other.number:
                self.aliases[number] = (kept.number, seconds)
        self.aliases[other.number] = (kept.number, self.now)

    def _known_as(self, number: int, seconds: float) -> int:
        if number not in self.aliases:
            return number
        target = self.aliases[number][0]
        self.aliases[number] = (target, seconds)
        return target
