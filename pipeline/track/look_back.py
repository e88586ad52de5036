"""The look back: tracks of the forward step, once what came after is known.

A frame's tracks are final when the forward step is `lag_seconds` ahead of it, or the scene has ended. Until then
fragments of one object are joined, objects found twice become one, what is no object is told by how long and how
surely it was seen, and gaps are filled from both sides. All rests on the frames up to the lag alone, one after the
other: no cut into chunks changes the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.detections import Detections
from pipeline.structures.tracks import FILLED, INTERPOLATED, NO_TRACK, Tracks
from pipeline.track.association import overlaps
from pipeline.track.belongings import Belongings
from pipeline.track.excursions import leave_out_excursions
from pipeline.track.joining import continuations
from pipeline.track.observation import Observation
from pipeline.track.own_car import STAND_SECONDS, fixed_box, may_stand, soon_fixed_box, standing_box
from pipeline.track.sameness import same_objects
from pipeline.track.settings import TrackSettings
from pipeline.track.weak_detections import WeakDetections
from pipeline.track.window import UNDECIDED, Life, Past, Window, WindowFrame

#: A track is followed back beyond its first frame once it is known for so long, when its motion is known.
_EXTEND_SECONDS = 0.3

#: A track stands as long as it has this IoU with where it began to; the boxes of a small reflection jump by as much.
_STILL_STANDS = 0.35


class LookBack:
    """Holds rules only; what it remembers is the window that it works on."""

    def __init__(
        self,
        settings: TrackSettings,
        groups: NDArray[np.intp],
        class_names: Mapping[int, str],
        size: tuple[int, int],
    ) -> None:
        """With the group of each class, int [C], the names in the order of their ids, and frames' height and width."""
        self._settings, self._groups, self._size = settings, groups, size
        self._class_ids = np.array(sorted(class_names), np.int32)
        self._belongings = Belongings([class_names[key] for key in sorted(class_names)])
        self._weak = WeakDetections(settings, groups, size)

    def take(self, window: Window, frame: WindowFrame) -> list[Tracks]:
        """Add the next frame to the window; the tracks of the frames that are final with it, in order."""
        window.add(frame)
        now, final = frame.seconds, []
        self._extend(window, now - _EXTEND_SECONDS)
        self._join(window, now - self._settings.join_wait_seconds)
        while window.frames and now - window.frames[0].seconds >= self._settings.lag_seconds:
            final.append(self._finalise(window))
        return final

    def end(self, window: Window) -> list[Tracks]:
        """The tracks of all frames left, as nothing of this scene comes after; the window forgets the scene."""
        self._extend(window, np.inf)
        self._join(window, np.inf)
        final = [self._finalise(window) for _ in range(len(window.frames))]
        window.lives.clear()
        window.aliases.clear()
        window.past.clear()
        window.parts.end_scene()
        return final

    def _extend(self, window: Window, until: float) -> None:
        """Follow the tracks that were known at `until` back to where they were too weak to start."""
        for life in window.lives.values():
            if not life.extended and life.first.seconds <= until:
                life.extended = True
                if life.before is None and life.seen:
                    self._weak.follow_back(window, life)

    def _join(self, window: Window, until: float) -> None:
        """Join the tracks that were last seen by `until` with what goes on from them."""
        due = {
            life.number for life in window.lives.values() if not life.joined and life.last.seconds <= until
        }
        if not due:
            return
        now = window.frames[-1].seconds
        # All that have ended by now compete, so that a later end is not robbed of what goes on from it.
        ended = [life for life in window.lives.values() if life.last.seconds < now]
        begun = [life for life in window.lives.values() if life.before is None]
        pairs = continuations(ended, begun, due, self._groups, self._settings, window.still())
        known_as: dict[int, Life] = {}
        for life in window.lives.values():
            life.joined = life.joined or life.last.seconds <= until
        for old, new in pairs:
            target = known_as.get(old.number, old)
            window.merge(target, new)
            target.joined = new.joined
            known_as[new.number] = target

    def _finalise(self, window: Window) -> Tracks:
        """The tracks of the window's first frame, which leaves it."""
        frame = window.frames[0]
        leave_out_excursions(window, self._settings.fill_seconds)
        present = self._present_once(window, frame)
        self._judge(window, frame)
        if self._settings.own_car == "auto":
            self._find_own_car(window, frame)
        shown = [entry for entry in present if entry[0].id != UNDECIDED and entry[0].standing is None]
        tracks = self._tracks(frame, shown)
        self._leave(window, frame)
        return tracks

    def _present_once(self, window: Window, frame: WindowFrame) -> list[tuple[Life, Observation, bool]]:
        """The tracks that the frame shows, as `_present` has them, once those that are one object have become one.

        Those that are what a person wears have been dropped. A track is compared with all others in its first frame,
        over all that is known of both: one that becomes part of another later would flash up until then.
        """
        present = self._present(window, frame)
        fresh = {life.number for life, one, _ in present if life.first is one}
        while pairs := same_objects(
            [(life, one) for life, one, _ in present], fresh, self._groups, self._settings
        ):
            for kept, other in pairs:
                window.merge(kept, other)
            present, fresh = self._present(window, frame), {kept.number for kept, _ in pairs}
        worn = self._belongings.among([(life, one) for life, one, _ in present])
        for life in worn:
            window.drop(life)
        return [entry for entry in present if entry[0] not in worn]

    def _present(self, window: Window, frame: WindowFrame) -> list[tuple[Life, Observation, bool]]:
        """The tracks that the frame shows, where they are there, and whether they were found there."""
        present = []
        for life in list(window.lives.values()):
            if not life.seen:
                continue
            if life.before is not None and life.before.frame + 1 == frame.number < life.seen[0].frame:
                self._bridge(window, life, life.before, life.seen[0])
            if life.seen[0].frame == frame.number:
                present.append((life, life.seen[0], True))
            elif life.before is not None and self._is_filled(window, life.before, life.seen[0]):
                gap = window.gap(life)
                row = self._weak.fitting(frame, life, gap.box(frame.number)) if frame.looked else None
                if row is not None:
                    window.claim(frame, row, life.number)
                one = gap.at(frame.number) if row is None else life.seen[0]
                present.append((life, one, row is not None))
        return present

    def _bridge(self, window: Window, life: Life, before: Observation, after: Observation) -> None:
        """Follow a track through a gap too long to be filled, if what is weak in it leaves none that is.

        Else the gap stays whole: an object that comes for a moment and goes again is none to look at.
        """
        if self._is_filled(window, before, after):
            return
        rows, last = [], before.seconds
        for one in window.between(before.frame, after.frame):
            if isinstance(one, WindowFrame) and one.looked:
                row = self._weak.fitting(one, life, window.gap(life).box(one.number))
                if row is not None:
                    rows.append((one, row))
                    if one.seconds - last > self._settings.fill_seconds:
                        return
                    last = one.seconds
        if after.seconds - last <= self._settings.fill_seconds:
            for one, row in rows:
                window.claim(one, row, life.number)

    def _is_filled(self, window: Window, before: Observation, after: Observation) -> bool:
        """True if the gap between both is short enough, or holds no frame that the network looked at."""
        if after.seconds - before.seconds <= self._settings.fill_seconds:
            return True
        return not any(one.looked for one in window.between(before.frame, after.frame))

    def _judge(self, window: Window, frame: WindowFrame) -> None:
        """Tell which tracks that were found in this frame are objects, and of which class."""
        needed = self._frames_needed(window)
        for owner in frame.owners.tolist():
            if owner == NO_TRACK:
                continue
            life = window.lives[owner]
            if life.ranked[-1] > life.judged:
                life.judged = max(life.judged, _mean_of_best(life.ranked, needed))
            if life.id == UNDECIDED and life.judged >= self._settings.start_score:
                life.id = window.next_id
                window.next_id += 1
            best = int(life.votes.argmax())
            if life.column < 0 or life.votes[best] >= self._settings.class_lead * life.votes[life.column]:
                life.column = best

    def _find_own_car(self, window: Window, frame: WindowFrame) -> None:
        """Tell which tracks begin to stand in this frame as parts of the own car do, and which still do."""
        near = list(takewhile(lambda one: one.seconds - frame.seconds <= STAND_SECONDS, window.frames))
        moved = sum(one.moved for one in near)
        rows = (frame.owners != NO_TRACK).nonzero()[0]
        boxes = frame.boxes[rows]
        fixed, at_edge = may_stand(boxes, window.parts, moved, self._size)
        for row, box, is_fixed, is_at_edge in zip(
            rows.tolist(), boxes, fixed.tolist(), at_edge.tolist(), strict=True
        ):
            life = window.lives[int(frame.owners[row])]
            is_new = life.before is None
            if life.standing is not None and overlaps(box[None], life.standing[None])[0, 0] < _STILL_STANDS:
                life.standing, is_new = None, True
            if life.standing is None and (is_fixed or is_at_edge):
                if is_fixed:
                    life.standing = fixed_box(life.seen, window.parts, self._size, is_new=life.before is None)
                if life.standing is None and is_at_edge:
                    ahead = list(takewhile(lambda one: one.frame <= near[-1].number, life.seen))
                    life.standing = standing_box(ahead, moved, self._size)
            if life.standing is None and is_new:
                life.standing = soon_fixed_box(life.seen, window.parts, self._size)
            if life.standing is not None:
                window.parts.leave_out(box, frame.found.roi_masks[row], self._size)

    def _frames_needed(self, window: Window) -> float:
        """Number of frames that the network looks at in judge_seconds, 1 at least, as often as it does from here on.

        Where the scene ends sooner, as often as in its last judge_seconds.
        """
        start, end, span = window.frames[0].seconds, window.frames[-1].seconds, self._settings.judge_seconds
        if end - start >= span:
            looks = [one.seconds for one in window.frames if one.looked and one.seconds - start < span]
        else:
            looks = [one.seconds for one in window.timeline if one.looked and end - one.seconds < span]
        if len(looks) < 2:
            return 1.0
        return min(max(span * (len(looks) - 1) / (looks[-1] - looks[0]), 1.0), float(len(looks)))

    def _tracks(self, frame: WindowFrame, present: list[tuple[Life, Observation, bool]]) -> Tracks:
        """The frame's detections, with what is known of those that belong to objects, and the filled ones."""
        found = frame.found
        ids = np.full(len(found), NO_TRACK, np.int64)
        class_ids, judged = found.class_ids.copy(), found.scores.copy()
        for life, one, is_found in present:
            if is_found:
                ids[one.row], judged[one.row] = life.id, life.judged
                class_ids[one.row] = self._class_ids[life.column]
        own = Tracks(found, ids, class_ids, judged)
        filled = [(life, one) for life, one, is_found in present if not is_found]
        filled.sort(key=lambda entry: entry[0].id)
        return own if not filled else _appended(own, self._filled_rows(filled, frame.looked))

    def _filled_rows(self, filled: list[tuple[Life, Observation]], looked: bool) -> Tracks:
        class_ids = np.array([self._class_ids[life.column] for life, _ in filled], np.int32)
        detections = Detections(
            np.array([one.box for _, one in filled], np.float32),
            np.array([one.score for _, one in filled], np.float32),
            class_ids,
            np.array([one.mask for _, one in filled], np.uint8),
        )
        ids = np.array([life.id for life, _ in filled], np.int64)
        judged = np.array([life.judged for life, _ in filled], np.float32)
        origins = np.full(len(filled), FILLED if looked else INTERPOLATED, np.uint8)
        return Tracks(detections, ids, class_ids, judged, origins)

    def _leave(self, window: Window, frame: WindowFrame) -> None:
        """Let the window's first frame go, and all that no later frame can need."""
        window.frames.popleft()
        now = window.frames[-1].seconds if window.frames else frame.seconds
        for life in list(window.lives.values()):
            if life.seen and life.seen[0].frame == frame.number:
                life.before = life.pop_first()
            if not life.seen and now - life.last.seconds > self._settings.lost_seconds:
                del window.lives[life.number]
        window.past.append(Past(frame.number, frame.seconds, frame.looked, frame.camera))
        oldest = min(
            (life.before.frame for life in window.lives.values() if life.before), default=frame.number
        )
        kept = max(self._settings.judge_seconds, self._settings.fill_seconds)
        while window.past[0].number < oldest and frame.seconds - window.past[0].seconds > kept:
            window.past.popleft()
        forget = self._settings.lost_seconds + self._settings.lag_seconds
        for number, (_, seconds) in list(window.aliases.items()):
            if now - seconds > forget:
                del window.aliases[number]


def _mean_of_best(ranked: list[float], count: float) -> float:
    """Mean of the `count` best scores, of which the last one counts in part where that is no whole number.

    ranked : the scores, the least first. Those that are missing count as 0.
    """
    best, whole = ranked[: -int(count) - 2 : -1], int(count)
    return (sum(best[:whole]) + (count - whole) * sum(best[whole:])) / count


def _appended(own: Tracks, more: Tracks) -> Tracks:
    first, second = own.detections, more.detections
    return Tracks(
        Detections(
            np.concatenate([first.boxes, second.boxes]),
            np.concatenate([first.scores, second.scores]),
            np.concatenate([first.class_ids, second.class_ids]),
            np.concatenate([first.roi_masks, second.roi_masks]),
        ),
        *(
            np.concatenate([getattr(own, name), getattr(more, name)])
            for name in ("track_ids", "class_ids", "peak_scores", "origins")
        ),
    )
