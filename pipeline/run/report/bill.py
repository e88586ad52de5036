"""Bill: the total cost of a job, summed up from its events."""

from __future__ import annotations

from pipeline.record.spent import NOTHING, Spent
from pipeline.run.report.events import Billed, Ended, Event, Listener, Progressed
from pipeline.run.work.meter import METER


class Bill:
    """A listener that sums up the cost and passes every event on."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._spent = self._before = NOTHING
        self._videos, self._video_seconds = 0, 0.0

    def tell(self, event: Event) -> None:
        """Take an event."""
        match event:
            case Progressed():
                self._spent += event.spent
            case Ended("made", _, facts):
                self._videos += 1
                self._video_seconds += facts.video_seconds
                self._before += facts.spent_before
        self._listener.tell(event)

    def total(self) -> Billed:
        """The bill so far, including what this process has spent since the last event."""
        self._spent += METER.take()
        return Billed(self._videos, self._video_seconds, self._spent, self._before)


def bill_words(event: Billed) -> str:
    """The non-zero amounts, and the same per hour of video including earlier jobs."""
    words = f"spent: {_told(event.spent, 1)}"
    if event.before != NOTHING:
        words += f"; by earlier jobs on the same videos: {_told(event.before, 1)}"
    hours = event.video_seconds / 3600
    return f"{words}; for an hour of video: {_told(event.spent + event.before, hours)}" if hours else words


def _told(spent: Spent, hours: float) -> str:
    amounts = {
        "core hours": spent.cpu_seconds / 3600,
        "GPU hours": spent.gpu_seconds / 3600,
        "MB read": spent.bytes_in / 1e6,
        "MB written": spent.bytes_out / 1e6,
    }
    rounded = {name: float(f"{amount / hours:.3g}") for name, amount in amounts.items() if amount}
    return ", ".join(f"{amount:.15g} {name}" for name, amount in rounded.items())
