"""Plan of a film's labels, frame after frame: each track's colour, which are named, where their labels stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pipeline.render.frame_labels import NOWHERE, FrameLabels
from pipeline.render.label import label_text
from pipeline.render.label_slots import (
    FAR_PRICE,
    NEAR_PRICE,
    Floats,
    crossing_costs,
    leader_reaches,
    slot_costs,
    slot_places,
)
from pipeline.render.label_state import Followed, Four, LabelState
from pipeline.render.neighbours import AHEAD_SECONDS, Film, neighbours
from pipeline.render.palette import COLOURS, choose_colour
from pipeline.render.plate import capitals_px, plate_size
from pipeline.render.settings import RenderSettings
from pipeline.render.shown import ShownTracks
from pipeline.render.steady import glided, steady
from pipeline.structures.tracks import Tracks

#: Root of an object's area over the picture's height: from the first on it is named, under the second no more.
#: One that is new on the scene is named from the second on.
_NEAR, _FAR = 0.085, 0.065
#: People and riders matter from farther away: they count as so much larger.
_MATTER = {"person": 1.6, "rider": 1.6, "bicycle": 1.6, "motorcycle": 1.6}
#: Labels of a frame that a viewer can still read; one that stands counts as so much larger than one to come.
_MOST, _STANDING = 9, 1.4
_NEW_SECONDS, _GO_SECONDS, _REST_SECONDS = 2.0, 1.2, 0.8
#: Seconds after which a track that is gone is forgotten, and after which its label's movement starts anew.
_FORGET_SECONDS, _GAP_SECONDS = 10.0, 0.5
#: Seconds for which one that is gone may come back: its colour is taken for as long.
_BACK_SECONDS = 1.5
#: Seconds in which the end of a leader goes 63 % of the way to where the mask is now.
_REACH_SECONDS = 0.5
#: A place has to be so much better for a label to move, the sooner the better it is; at once where it is so much of it
#: for other labels. Over the last price there is no room for a label.
_BETTER, _UNREADABLE, _NO_ROOM = 0.5, 2.5, 1.5
#: A gap between label and box, in capitals; a label farther away than twice that has a leader.
_GAP = 0.35
#: Shares of a box's and of the picture's height by which its foot may be off before its place in the order follows.
_SLACK, _LEAST_SLACK = 0.1, 0.01
#: Px that labels keep from each other.
_APART = 2
#: How many of its heights a label may go at once and still be known as the same.
_LOST_HEIGHTS = 2.0
#: From here on a label is on its way to another place.
_ON_ITS_WAY_PX = 2.0
#: How far a label may be from where it should stand before it moves by a whole pixel.
_DEAD_PX = 0.8


class LabelPlanner:
    """Plans the labels of a film. Pure: the same tracks and state give the same labels, wherever the film is cut.

    Raises ConfigError for a class that the network does not know.
    """

    def __init__(
        self, settings: RenderSettings, width: int, height: int, class_names: Mapping[int, str]
    ) -> None:
        self._settings, self._names = settings, class_names
        self._width, self._height = width, height
        self._shown = ShownTracks(settings, class_names)
        self._ranks = {key: rank % len(COLOURS) for rank, key in enumerate(sorted(class_names))}
        self._capitals = capitals_px(height)
        self._gap = max(_GAP * self._capitals, 2.0)
        self._names_none = settings.labels == "none" or "labels" not in settings.style

    def start(self) -> LabelState:
        """The state before the first frame."""
        return LabelState()

    def follow(
        self, state: LabelState, frames: Film, coming: Film = ()
    ) -> tuple[LabelState, list[FrameLabels]]:
        """The labels of these frames, and the state after them.

        frames : seconds and tracks of each, in the order of the film, going on where the state's frames ended.
        coming : those behind them, as many as there are within AHEAD_SECONDS: what is near to an object later on
            counts for its colour.
        """
        planned = []
        film = [(seconds, self._shown.of(tracks)) for seconds, tracks in (*frames, *coming)]
        for place in range(len(frames)):
            state, labels = self._plan(state, film, place)
            planned.append(labels)
        return state, planned

    def film(self, frames: Iterable[tuple[float, Tracks]]) -> Iterator[FrameLabels]:
        """The labels of each frame of a whole film, of which no more than AHEAD_SECONDS are held."""
        state, held = self.start(), list[tuple[float, Tracks]]()
        for seconds, tracks in frames:
            held.append((seconds, self._shown.of(tracks)))
            while seconds - held[0][0] > AHEAD_SECONDS:
                state, labels = self._plan(state, held, 0)
                yield labels
                del held[0]
        for place in range(len(held)):
            state, labels = self._plan(state, held, place)
            yield labels

    def _plan(self, state: LabelState, film: Film, place: int) -> tuple[LabelState, FrameLabels]:
        """The labels of the frame at this place, and the state after it."""
        seconds, tracks = film[place]
        began = seconds if state.began is None else state.began
        known = {one.track_id: one for one in state.followed if one.last > seconds - _FORGET_SECONDS}
        rows = {int(track_id): row for row, track_id in enumerate(tracks.track_ids)}
        boxes, reaches = tracks.detections.boxes, leader_reaches(tracks.detections.roi_masks)
        for track_id in sorted(rows):
            row = rows[track_id]
            if (old := known.get(track_id)) is None:
                colour = self._colour(track_id, known, film, place)
                known[track_id] = self._begin(track_id, colour, seconds, boxes[row], reaches[row])
            else:
                known[track_id] = self._see(old, seconds, boxes[row], reaches[row])
        if not self._names_none:
            self._name(known, rows, tracks, seconds, began)
        order = sorted(rows, key=lambda key: (known[key].depth, tracks.peak_scores[rows[key]], key))
        labels = FrameLabels.from_rows([self._row(known[key], tracks, rows[key]) for key in order])
        return LabelState(began, tuple(known.values())), labels

    def _colour(self, track_id: int, known: Mapping[int, Followed], film: Film, place: int) -> int:
        """The colour of an object that is new in the frame at this place."""
        if self._settings.color_by != "track":
            return 0
        seconds, tracks = film[place]
        here = set(tracks.track_ids.tolist())
        gone = {
            key: one.edges
            for key, one in known.items()
            if key not in here and seconds - one.last <= _BACK_SECONDS
        }
        colours = {key: one.colour for key, one in known.items()}
        around = neighbours(track_id, film[place:], colours, gone, self._width)
        return choose_colour(track_id, around)

    def _begin(self, track_id: int, colour: int, seconds: float, box: Floats, reach: Floats) -> Followed:
        """A track in its first frame."""
        edges = _four(box)
        return Followed(track_id, colour, seconds, seconds, edges, self._depth(edges), reach=_four(reach))

    def _see(self, old: Followed, seconds: float, box: Floats, reach: Floats) -> Followed:
        """The track, moved to its new box."""
        edges = _four(box)
        elapsed = seconds - old.last
        if not 0 < elapsed <= _GAP_SECONDS:
            anew = replace(old, last=seconds, edges=edges, speeds=(0.0,) * 4, reach=_four(reach))
            anew = replace(anew, depth=self._depth(edges))
            return replace(anew, glide=(0.0, 0.0), drawn=None, restless=None)
        moved, speeds = steady(old.edges, old.speeds, box, elapsed, self._height)
        glide, gliding = glided(old.glide, old.gliding, elapsed)
        kept = math.exp(-elapsed / _REACH_SECONDS)
        eased = reach + kept * (np.array(old.reach) - reach)
        steadier = replace(old, last=seconds, edges=moved, speeds=speeds, depth=self._depth(moved, old.depth))
        return replace(steadier, reach=_four(eased), glide=glide, gliding=gliding)

    def _depth(self, edges: Four, before: float | None = None) -> float:
        """The row that a box reaches down to; the same as before as long as that is clearly not off.

        Of two that stand side by side now the one, now the other reaches lower, and their masks would change places.
        """
        _, top, _, bottom = edges
        foot, slack = (
            min(bottom, float(self._height)),
            max(_SLACK * (bottom - top), _LEAST_SLACK * self._height),
        )
        return foot if before is None else min(max(before, foot - slack), foot + slack)

    def _name(
        self,
        known: dict[int, Followed],
        rows: Mapping[int, int],
        tracks: Tracks,
        seconds: float,
        began: float,
    ) -> None:
        """Decide in place which tracks are named and where: labels already standing are placed before new ones."""
        sizes = {key: self._size(tracks, row) for key, row in rows.items()}
        wanted = self._wanted(known, sizes, seconds, began)
        boxes = {key: np.array(known[key].edges) for key in rows}
        prices = {key: NEAR_PRICE if sizes[key] >= _FAR else FAR_PRICE for key in rows}
        standing = [one.track_id for one in known.values() if one.track_id in rows and one.named]
        coming = sorted((key for key in wanted if not known[key].named), key=lambda key: (-sizes[key], key))
        labels: list[Four] = []
        for key in (*standing, *coming):
            text = self._text(tracks, rows[key])
            others = [other for other in rows if other != key]
            known[key], areas = self._place(
                known[key],
                plate_size(text, self._capitals),
                seconds,
                wanted=key in wanted,
                others=np.array([boxes[other] for other in others], np.float64).reshape(-1, 4),
                prices=np.array([prices[other] for other in others], np.float64),
                labels=np.array(labels, np.float64).reshape(-1, 4),
            )
            labels += areas

    def _size(self, tracks: Tracks, row: int) -> float:
        """Size of the part in the picture, in picture heights, larger for classes that matter."""
        x1, y1, x2, y2 = tracks.detections.boxes[row].tolist()
        weight = _MATTER.get(self._names[int(tracks.class_ids[row])], 1.0)
        across, down = min(x2, self._width) - max(x1, 0.0), min(y2, self._height) - max(y1, 0.0)
        return weight * math.sqrt(max(across, 0.0) * max(down, 0.0)) / self._height

    def _wanted(
        self, known: Mapping[int, Followed], sizes: Mapping[int, float], seconds: float, began: float
    ) -> set[int]:
        """The tracks that should have a label."""
        if self._settings.labels == "all":
            return set(sizes)
        ranked = []
        for key, size in sizes.items():
            one = known[key]
            fresh = one.first > began and seconds - one.first < _NEW_SECONDS
            if size >= (_FAR if one.named or fresh else _NEAR):
                ranked.append((-size * (_STANDING if one.named else 1.0), key))
        return {key for _, key in sorted(ranked)[:_MOST]}

    def _place(
        self,
        one: Followed,
        size: tuple[int, int],
        seconds: float,
        *,
        wanted: bool,
        others: Floats,
        prices: Floats,
        labels: Floats,
    ) -> tuple[Followed, list[Four]]:
        """The track with its label's place, and the areas that other labels keep off, x1, y1, x2, y2."""
        if size[0] > self._height or size[1] > self._width:
            return replace(one, named=False, slot=None, drawn=None), []
        own = np.array(one.edges)
        places = slot_places(own, size, self._gap, (self._height, self._width))
        crossing = crossing_costs(places, size, labels)
        costs = slot_costs(places, size, own, others, prices) + crossing
        slot, restless = self._choose(one, costs, crossing, seconds)
        resting = not one.named and one.wanting is not None and seconds - one.wanting < _GO_SECONDS
        welcome = wanted and not resting and (costs[slot] <= _NO_ROOM or self._settings.labels == "all")
        wanting = None if welcome else (seconds if one.wanting is None else one.wanting)
        gone = replace(one, named=False, wanting=None, slot=None, restless=None, glide=(0.0, 0.0), drawn=None)
        if not welcome and (not one.named or (wanting is not None and seconds - wanting >= _GO_SECONDS)):
            return replace(gone, wanting=wanting if resting else None), []
        glide = one.glide
        if one.drawn is not None and one.slot is not None and slot != one.slot:
            glide = tuple((places[one.slot] - places[slot] + glide).tolist())
        if crossing_costs(places[slot, None] + glide, size, labels)[0] > crossing[slot]:
            # Over another label it goes at once; one that would be looked for elsewhere rests first.
            if math.hypot(*glide) > _LOST_HEIGHTS * size[0] and self._settings.labels != "all":
                return replace(gone, wanting=seconds), []
            glide = (0.0, 0.0)
        drawn = self._drawn(one.drawn, places[slot] + glide, size)
        placed = replace(
            one, named=True, wanting=wanting, slot=slot, restless=restless, glide=glide, drawn=drawn
        )
        target = _kept_free(places[slot].tolist(), size)
        # On its way it keeps others off both.
        return placed, [target, _kept_free(drawn, size)] if math.hypot(*glide) > _ON_ITS_WAY_PX else [target]

    def _choose(
        self, one: Followed, costs: Floats, crossing: Floats, seconds: float
    ) -> tuple[int, float | None]:
        """The slot, and since when another has been better: a label keeps its side until that has lasted.

        costs, crossing : float [S], of the slots, and the part of it that is for lying on other labels.
        """
        best = int(np.argmin(costs))
        if one.slot is None:
            return best, None
        gain = float(costs[one.slot] - costs[best])
        if gain < _BETTER:
            return one.slot, None
        restless = seconds if one.restless is None else one.restless
        rested = (seconds - restless) * min(gain, 1.0) >= _REST_SECONDS
        return (
            (best, None)
            if rested or crossing[one.slot] - crossing[best] >= _UNREADABLE
            else (one.slot, restless)
        )

    def _drawn(self, before: tuple[int, int] | None, place: Floats, size: tuple[int, int]) -> tuple[int, int]:
        """Whole pixels, the same as before unless that is clearly off."""
        ends = (self._width - size[1], self._height - size[0])
        left, top = (
            kept
            if kept is not None and abs(exact - kept) < _DEAD_PX and kept <= end
            else min(max(round(exact), 0), end)
            for exact, kept, end in zip(place.tolist(), before or (None, None), ends, strict=True)
        )
        return left, top

    def _row(self, one: Followed, tracks: Tracks, row: int) -> list[int]:
        """Track id, colour, left, top and leader, as FrameLabels has them."""
        by_track = self._settings.color_by == "track"
        colour = one.colour if by_track else self._ranks[int(tracks.class_ids[row])]
        if not one.named or one.drawn is None:
            return [one.track_id, colour, *[NOWHERE] * 6]
        size = plate_size(self._text(tracks, row), self._capitals)
        return [one.track_id, colour, *one.drawn, *self._leader(one, one.drawn, size)]

    def _leader(self, one: Followed, drawn: tuple[int, int], size: tuple[int, int]) -> list[int]:
        """From the label's edge to a point of the object in the upper or lower part of the box."""
        box = np.clip(one.edges, 0, [self._width - 1, self._height - 1] * 2)
        left, top = drawn
        bottom = top + size[0]
        if box[1] - bottom > 2 * self._gap:
            start, (across, down) = bottom, one.reach[:2]
        elif top - box[3] > 2 * self._gap:
            start, (across, down) = top, one.reach[2:]
        else:
            return [NOWHERE] * 4
        x1, y1, x2, y2 = one.edges
        middle = float(np.clip(x1 + across * (x2 - x1), box[0], box[2]))
        end = float(np.clip(y1 + down * (y2 - y1), box[1], box[3]))
        return [
            round(min(max(middle, left + self._gap), left + size[1] - self._gap)),
            start,
            round(middle),
            round(end),
        ]

    def _text(self, tracks: Tracks, row: int) -> str:
        """The label's text with the widest score, so that its place does not hang on the score."""
        name = self._names[int(tracks.class_ids[row])]
        return label_text(name, int(tracks.track_ids[row]), 0.88 if self._settings.label_scores else None)


def _kept_free(place: Sequence[float], size: tuple[int, int]) -> Four:
    left, top = place
    return left - _APART, top - _APART, left + size[1] + _APART, top + size[0] + _APART


def _four(numbers: Floats) -> Four:
    first, second, third, fourth = (float(number) for number in numbers)
    return first, second, third, fourth
