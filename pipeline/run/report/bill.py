"""Bill: the sum of all that a job has spent, by what its events tell."""

from __future__ import annotations

from pipeline.run.report.events import Billed, Ended, Event, Listener, Progressed
from pipeline.run.work.meter import METER, NOTHING


class Bill:
    """A listener that adds up, and hands every event on."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._spent, self._videos, self._video_seconds = NOTHING, 0, 0.0

    def tell(self, event: Event) -> None:
        """Take an event."""
        match event:
            case Progressed():
                self._spent += event.spent
            case Ended("made", _, facts):
                self._videos += 1
                self._video_seconds += facts.video_seconds
        self._listener.tell(event)

    def total(self) -> Billed:
        """The bill so far, with what this process has spent since the last event."""
        self._spent += METER.take()
        return Billed(self._videos, self._video_seconds, self._spent)


def bill_words(event: Billed) -> str:
    """The amounts that are not zero, and each for an hour of video."""
    spent = event.spent
    amounts = {
        "core hours": spent.cpu_seconds / 3600,
        "GPU hours": spent.gpu_seconds / 3600,
        "MB read": spent.bytes_in / 1e6,
        "MB written": spent.bytes_out / 1e6,
    }
    told = {name: amount for name, amount in amounts.items() if amount}
    words = f"spent: {', '.join(f'{amount:.3g} {name}' for name, amount in told.items())}"
    hours = event.video_seconds / 3600
    if not hours:
        return words
    *before, last = (f"{amount / hours:.3g}" for amount in told.values())
    return f"{words}; for an hour of video {' and '.join([', '.join(before), last] if before else [last])}"
