"""Pace: how far a run is and how long it will take, reckoned from what it has told so far."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.run.report.speeds import Speed

#: Frames that are worked on at once and not told of yet, until the first result shows how many come together.
_FIRST_STEP = 96


class Pace:
    """The work of one run as a share, 0 to 1, that grows with time between the results too.

    frames : of the video. done : frames by pass at the beginning, which are no work of this run. now : seconds, as in
    every call. known : what this machine made of a run before; None: nothing is known.
    """

    def __init__(self, frames: int, done: Mapping[str, int], now: float, known: Speed | None = None) -> None:
        self.frames = frames
        self._finding = Speed.finding_share if known is None else known.finding_share
        self._began = self._last = now
        self._first = self._share = self._share_of(done)
        self._step = self._finding * min(_FIRST_STEP / max(frames, 1), 1.0)
        self._works = False
        self._known = None if known is None else known.rate / max(frames, 1)

    def start(self, now: float) -> None:
        """Take it that work begins only now: the network is loaded."""
        self._began = self._last = now
        self._works = True

    def take(self, done: Mapping[str, int], now: float) -> None:
        """Take what is done by now."""
        share = self._share_of(done)
        if share <= self._share:
            return
        step = share - self._share
        self._step = max(self._step, step) if self._measured else step
        self._share, self._last, self._works = share, now, True

    def share(self, now: float) -> float:
        """Share of the work that is done: what was told, and on from there at the pace so far."""
        grown = self._rate(now) * (now - self._last) if self._works else 0.0
        return min(self._share + min(grown, 0.95 * min(self._step, 1.0 - self._share)), 1.0)

    def rate(self, now: float) -> float | None:
        """Frames a second; None as long as nothing is known."""
        return self._rate(now) * self.frames or None

    def seconds_left(self, now: float) -> float | None:
        """Seconds up to the end; None as long as nothing is known."""
        rate = self._rate(now)
        return (1.0 - self.share(now)) / rate if rate else None

    def seconds_to_result(self, now: float) -> float | None:
        """Seconds up to the next result, at most; None as long as nothing is known."""
        rate = self._rate(now)
        return max(self._step / rate - (now - self._last), 0.0) if rate else None

    @property
    def _measured(self) -> bool:
        return self._last > self._began and self._share > self._first

    def _rate(self, now: float) -> float:
        if not self._measured:
            return self._known or 0.0
        measured = (self._share - self._first) / (self._last - self._began)
        # Where the next result is late, the pace falls, so that the time left does not stand still.
        late = (self._share + self._step - self._first) / max(now - self._began, 1e-9)
        return min(measured, late) if now > self._last else measured

    def _share_of(self, done: Mapping[str, int]) -> float:
        found, painted = done.get("segmented", 0), done.get("rendered", 0)
        return (self._finding * found + (1 - self._finding) * painted) / max(self.frames, 1)
