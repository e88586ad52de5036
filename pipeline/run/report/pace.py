"""Pace: the progress of a run and the time left, estimated from its reports so far."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.run.report.speeds import Speed

#: Assumed frames per report, until the first one shows how many come at a time.
_FIRST_STEP = 96


class Pace:
    """The share of a run's work that is done, 0 to 1, which also grows between reports.

    frames : of the video. done : frames by pass at the beginning, which this run need not work on. now : seconds, as in
    every call. known : the speed of an earlier run on this machine, if any.
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
        """Let the clock start now: the network is loaded."""
        self._began = self._last = now
        self._works = True

    def take(self, done: Mapping[str, int], now: float) -> None:
        """Note what is done by now."""
        share = self._share_of(done)
        if share <= self._share:
            return
        step = share - self._share
        self._step = max(self._step, step) if self._measured else step
        self._share, self._last, self._works = share, now, True

    def share(self, now: float) -> float:
        """Share of the work that is done: the last report, extrapolated at the pace so far."""
        grown = self._rate(now) * (now - self._last) if self._works else 0.0
        return min(self._share + min(grown, 0.95 * min(self._step, 1.0 - self._share)), 1.0)

    def rate(self, now: float) -> float | None:
        """Frames per second; None while unknown."""
        return self._rate(now) * self.frames or None

    def seconds_left(self, now: float) -> float | None:
        """Seconds to the end; None while unknown."""
        rate = self._rate(now)
        return (1.0 - self.share(now)) / rate if rate else None

    def seconds_to_result(self, now: float) -> float | None:
        """Seconds to the next report, at most; None while unknown."""
        rate = self._rate(now)
        return max(self._step / rate - (now - self._last), 0.0) if rate else None

    @property
    def _measured(self) -> bool:
        return self._last > self._began and self._share > self._first

    def _rate(self, now: float) -> float:
        if not self._measured:
            return self._known or 0.0
        measured = (self._share - self._first) / (self._last - self._began)
        # If the next report is late, the pace drops, so that the time left keeps changing.
        late = (self._share + self._step - self._first) / max(now - self._began, 1e-9)
        return min(measured, late) if now > self._last else measured

    def _share_of(self, done: Mapping[str, int]) -> float:
        found, painted = done.get("segmented", 0), done.get("rendered", 0)
        return (self._finding * found + (1 - self._finding) * painted) / max(self.frames, 1)
