"""Progress of a training run: its events, and the bar that shows them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Progress:
    """One event: `message` for a person, or the `losses` of `step` out of `steps`."""

    step: int = 0
    steps: int = 0
    losses: dict[str, float] = field(default_factory=dict)
    message: str = ""


Report = Callable[[Progress], None]


class Bar:
    """Shows events as a progress bar on stderr; leave it with `close`."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, event: Progress) -> None:
        """Show the event."""
        from tqdm import tqdm

        if event.message:
            tqdm.write(event.message, file=sys.stderr)
        if not event.steps:
            return
        if self._bar is None:
            self._bar = tqdm(
                total=event.steps, initial=event.step, unit="step", desc="training", mininterval=1.0
            )
        self._bar.update(event.step - self._bar.n)
        if event.losses:
            self._bar.set_postfix_str(" ".join(f"{name} {value:.3f}" for name, value in event.losses.items()))

    def close(self) -> None:
        """Leave the last state of the bar on the screen."""
        if self._bar is not None:
            self._bar.close()
