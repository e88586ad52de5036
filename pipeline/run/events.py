"""Events: what happens in a run, for whoever tells people about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Event:
    """Something that happened.

    name : begin, plan, redo, ready, progress, retry, chunk_failed, warning, damage, pass, done, skipped, set_aside,
    interrupted. facts : what there is to know about it, as JSON values.
    """

    name: str
    facts: dict[str, Any] = field(default_factory=dict)


class Listener(Protocol):
    """Whoever is told."""

    def tell(self, name: str, **facts: Any) -> None:
        """Take an event."""
        ...
