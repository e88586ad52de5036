"""LiveSession: newest pictures of a source through network, tracker and overlay, for any number of viewers."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.live.live_picture import LivePicture
from pipeline.live.settings import LiveControls
from pipeline.live.source import LiveFrame, LiveSource
from pipeline.render.asked_classes import as_asked
from pipeline.render.drawn_view import DrawnView
from pipeline.render.film_classes import NEAR_SECONDS
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.label_state import LabelState
from pipeline.render.overlay import Overlay
from pipeline.render.settings import RenderSettings
from pipeline.render.shown import ShownTracks
from pipeline.structures.class_map import ClassMap
from pipeline.structures.detections import Detections
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.structures.tracks import Tracks
from pipeline.track.settings import TrackSettings
from pipeline.track.tracker import Tracker
from pipeline.workers.allocator import give_back_memory

#: Pictures whose times make the rate that is told.
_RATE_PICTURES = 20
_WAIT_SECONDS = 0.5

#: How often freed memory is handed back to the system: without it, 100 MB more were held after an hour.
_TIDY_SECONDS = 60.0


class Find(Protocol):
    """Looks at one picture."""

    def __call__(self, rgb: NDArray[np.uint8], *, class_map: bool) -> tuple[Detections, ClassMap | None]:
        """The objects of uint8 [H, W, 3], boxes in its pixels, and its class map if it is asked for."""
        ...


@dataclass(frozen=True, eq=False)
class _Seen:
    """A picture that was looked at. labels : colours and places of labels as they stand before it."""

    frame: LiveFrame
    tracks: Tracks
    class_map: ClassMap | None
    labels: LabelState


@dataclass(frozen=True, eq=False)
class _Classes:
    """The class map of a picture as it was found, and as it is shown. arrived : of the picture."""

    arrived: float
    found: ClassMap
    shown: ClassMap


class LiveSession:
    """Shows the newest picture of a source, painted, as often as the network can.

    Parameters
    ----------
    source : started by `run`.
    find : the network. widest : the view of it that shows most.
    render, track : as for a video; conf, classes and the view become controls.
    record : is given each painted picture and its seconds; None: nobody.

    """

    def __init__(
        self,
        source: LiveSource,
        find: Find,
        widest: DrawnView,
        render: RenderSettings,
        track: TrackSettings,
        record: Callable[[NDArray[np.uint8], float], None] | None = None,
    ) -> None:
        self.source, self.widest = source, widest
        self._find, self._record = find, record
        self._render, self._track = render, track
        self._news = threading.Condition()
        self._closed = False
        self._again = False
        self._shown: LivePicture | None = None
        self._last: _Seen | None = None
        widest.check(render.classes)
        named = {as_asked(entry) for entry in render.classes}
        chosen = [name for number, name in widest.names if {as_asked(number), as_asked(name)} & named]
        self.controls = LiveControls(
            render.conf, tuple(dict.fromkeys(chosen)), render.view or widest.possible[0]
        )
        self._state = Tracker(track, widest.class_names).start()
        self._labels = LabelState()
        self._classes: _Classes | None = None
        self._times: deque[float] = deque(maxlen=_RATE_PICTURES)
        self._counted: dict[str, int] = {}
        self._last_id = 0

    def run(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Show pictures until the source ends, the session is closed, or `stop`, asked after each, says so."""
        self.source.start()
        tidied = time.monotonic()
        try:
            while not (self._closed or stop()):
                self._once()
                if time.monotonic() - tidied >= _TIDY_SECONDS:
                    give_back_memory()
                    tidied = time.monotonic()
                if self.source.is_over and not self.controls.paused:
                    break
        finally:
            self.close()

    def close(self) -> None:
        """End `run`, the source and whoever waits for pictures."""
        with self._news:
            self._closed = True
            self._news.notify_all()
        self.source.close()

    @property
    def is_over(self) -> bool:
        """True if no picture will come any more."""
        return self._closed

    @property
    def shown(self) -> LivePicture | None:
        """The last picture, or None before the first."""
        return self._shown

    def wait(self, after: int, timeout: float) -> LivePicture | None:
        """The last picture, once its number is above `after`; None after `timeout` seconds, or at the end."""
        with self._news:
            self._news.wait_for(lambda: self._closed or (self._shown and self._shown.number > after), timeout)
            shown = self._shown
        return shown if shown is not None and shown.number > after else None

    def control(self, wishes: Mapping[str, Any]) -> LiveControls:
        """Change the controls; what is seen changes at once, also of a picture that stands. Raises ConfigError."""
        with self._news:
            self.controls = self.controls.changed(
                wishes, {name for _, name in self.widest.names}, self.widest.possible
            )
            self._again = True
            return self.controls

    def facts(self) -> dict[str, Any]:
        """The source's state and the controls, for when there is no picture to tell them with."""
        source = self.source
        return {
            "state": "paused" if self.controls.paused else source.state,
            "trouble": source.trouble,
            "received": source.received,
            "dropped": source.dropped,
            "losses": source.losses,
            "controls": asdict(self.controls),
        }

    def _once(self) -> None:
        """Show one more picture, or the last one anew where only the controls have changed."""
        with self._news:
            again, self._again = self._again, False
        if again and self._last is not None:
            self._last = self._with_class_map(self._last)
            self._show(self._last)
        if self.controls.paused:
            with self._news:
                self._news.wait_for(lambda: self._again or self._closed, _WAIT_SECONDS)
            return
        frame = self.source.take(_WAIT_SECONDS)
        if frame is None:
            return
        detections, class_map = self._find(frame.rgb, class_map=self.controls.view != "instances")
        self._times.append(time.monotonic())
        self._classes = _next_classes(self._classes, frame, class_map)
        shown = None if self._classes is None else self._classes.shown
        self._last = _Seen(frame, self._follow(frame, detections), shown, self._labels)
        painted = self._show(self._last)
        if self._record is not None:
            self._record(painted, frame.seconds)

    def _with_class_map(self, seen: _Seen) -> _Seen:
        """The same with a class map where another view has come to need one."""
        if self.controls.view == "instances" or seen.class_map is not None:
            return seen
        _, class_map = self._find(seen.frame.rgb, class_map=True)
        return replace(seen, class_map=class_map)

    def _follow(self, frame: LiveFrame, detections: Detections) -> Tracks:
        """The picture's tracks, weak ones too where the threshold asks for them."""
        start = min(self._track.start_score, self.controls.conf)
        settings = replace(self._track, start_score=start, follow_score=min(self._track.follow_score, start))
        tracker = Tracker(settings, self.widest.class_names)
        self._state, tracks = tracker.step(self._state, frame.arrived, detections)
        new = tracks.track_ids > self._last_id
        for class_id in tracks.class_ids[new]:
            name = self.widest.class_names[int(class_id)]
            self._counted[name] = self._counted.get(name, 0) + 1
        self._last_id = int(tracks.track_ids.max(initial=self._last_id))
        return tracks

    def _show(self, seen: _Seen) -> NDArray[np.uint8]:
        controls, names, frame, tracks = self.controls, self.widest.class_names, seen.frame, seen.tracks
        # Chosen classes may be those of pixels, which the widest view knows; without a class map it shows none.
        view = "semantic" if controls.view == "semantic" else self.widest.name
        settings = replace(self._render, conf=controls.conf, classes=controls.classes, view=view)
        class_map = None if controls.view == "instances" else seen.class_map
        planner = LabelPlanner(settings, frame.rgb.shape[1], frame.rgb.shape[0], names)
        self._labels, (labels,) = planner.follow(seen.labels, [(frame.arrived, tracks)])
        overlay = Overlay(settings, names, self.widest.classes)
        painted = overlay.paint_rgb(frame.rgb, tracks, labels, class_map)
        facts = {
            **self.facts(),
            "width": painted.shape[1],
            "height": painted.shape[0],
            "rate": _rate(self._times),
            "delay_ms": round(1000 * (time.monotonic() - frame.arrived)),
            "seen": dict(sorted(self._counted.items())),
            "objects": [] if view == "semantic" else _objects(tracks, ShownTracks(settings, names), names),
            "shares": _shares(class_map, self.widest.classes),
        }
        facts["now"] = _counts(facts["objects"])
        with self._news:
            number = 1 if self._shown is None else self._shown.number + 1
            self._shown = LivePicture(number, painted, frame.arrived, {"number": number, **facts})
            self._news.notify_all()
        return painted


def _next_classes(before: _Classes | None, frame: LiveFrame, found: ClassMap | None) -> _Classes | None:
    """The class map of one more picture. A pixel takes another class once two maps agree on it, or it would shimmer."""
    if found is None:
        return None
    shown = found
    if (
        before is not None
        and before.found.shape == found.shape
        and frame.arrived - before.arrived <= NEAR_SECONDS
    ):
        shown = np.where(found == before.found, found, before.shown)
    return _Classes(frame.arrived, found, shown)


def _objects(tracks: Tracks, shown: ShownTracks, names: Mapping[int, str]) -> list[dict[str, Any]]:
    """The painted objects, ready for JSON, in the order of the detections."""
    listed = []
    for row in shown.rows(tracks):
        box = [round(float(edge), 1) for edge in tracks.detections.boxes[row]]
        score = round(float(tracks.detections.scores[row]), 3)
        name = names[int(tracks.class_ids[row])]
        listed.append({"track": int(tracks.track_ids[row]), "class": name, "score": score, "box": box})
    return listed


def _shares(class_map: ClassMap | None, classes: PixelClasses | None) -> dict[str, float]:
    """Share of the picture that each class of pixels has, those that are there."""
    if class_map is None or classes is None:
        return {}
    counts = np.bincount(class_map.ravel(), minlength=len(classes))[: len(classes)] / class_map.size
    return {name: round(float(share), 3) for name, share in zip(classes.names, counts, strict=True) if share}


def _counts(objects: list[dict[str, Any]]) -> dict[str, int]:
    names = [entry["class"] for entry in objects]
    return {name: names.count(name) for name in sorted(set(names))}


def _rate(times: deque[float]) -> float:
    """Pictures a second, over the last ones."""
    return round((len(times) - 1) / (times[-1] - times[0]), 1) if len(times) > 1 else 0.0
