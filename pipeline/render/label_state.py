"""LabelState: all that the planner of labels remembers between two frames, so that it can go on from any border."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

Two = tuple[float, float]
Four = tuple[float, float, float, float]


@dataclass(frozen=True)
class Followed:
    """A track that is, or lately was, in the picture.

    track_id, colour : colour is an index into palette.COLOURS.
    first, last : seconds of the first frame it was in and of the latest.
    edges, speeds : the smoothed box, x1, y1, x2, y2 in px, and how it moves, px/s.
    depth : row of the picture, px, by which it is painted before or after others.
    named : it has a label. wanting : seconds since which it should have one no more, or, where it is not named, since
    which it rests; None where all is well.
    slot : where its label stands (see label_slots), None without one. restless : seconds since which another
    place has been better.
    reach : where a leader from above and one from below end, across and down the box, 0..1.
    glide, gliding : px across and down that the label still has to go after a change of slot, and its speed, px/s.
    drawn : left and top of the label as it was last painted; None where it was not.
    """

    track_id: int
    colour: int
    first: float
    last: float
    edges: Four
    depth: float
    speeds: Four = (0.0, 0.0, 0.0, 0.0)
    reach: Four = (0.5, 0.5, 0.5, 0.5)
    named: bool = False
    wanting: float | None = None
    slot: int | None = None
    restless: float | None = None
    glide: Two = (0.0, 0.0)
    gliding: Two = (0.0, 0.0)
    drawn: tuple[int, int] | None = None


@dataclass(frozen=True)
class LabelState:
    """began : seconds of the first frame, None before it. followed : in the order in which they appeared."""

    began: float | None = None
    followed: tuple[Followed, ...] = ()

    def to_json(self) -> str:
        """One line of JSON that `from_json` turns into the same state to the last bit."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> LabelState:
        """The state that `to_json` wrote; ValueError, KeyError or TypeError for anything else."""
        content = json.loads(text)
        return cls(content["began"], tuple(_followed(entry) for entry in content["followed"]))


def _followed(entry: dict[str, Any]) -> Followed:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    return Followed(**values)
