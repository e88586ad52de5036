"""TrackerState: all that tracking remembers between two frames, so that it can go on from any border."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class TrackerState:
    """T tracks that are alive, oldest first, and the id that the next one gets.

    next_id : int64 [], never given to any object before.
    seconds : float64 [], time of the last frame; -inf before the first.
    class_ids : int32 [C], the classes that can be voted for, ascending.
    ids : int64 [T].
    means : float64 [T, 4, 2], position and velocity of the box: see motion.
    covariances : float64 [T, 4, 3]: see motion.
    votes : float64 [T, C], sum of the scores a track had for each class.
    peaks : float32 [T], best score so far.
    hits : int64 [T], frames in which the track was seen.
    missed : int64 [T], frames since then.
    last_seen : float64 [T], seconds.
    """

    next_id: NDArray[np.int64]
    seconds: NDArray[np.float64]
    class_ids: NDArray[np.int32]
    ids: NDArray[np.int64]
    means: NDArray[np.float64]
    covariances: NDArray[np.float64]
    votes: NDArray[np.float64]
    peaks: NDArray[np.float32]
    hits: NDArray[np.int64]
    missed: NDArray[np.int64]
    last_seen: NDArray[np.float64]

    @classmethod
    def start(cls, class_ids: Iterable[int]) -> TrackerState:
        """The state before the first frame: no tracks, the next id is 1."""
        classes = np.array(sorted(class_ids), np.int32)
        columns = {name: np.zeros(shape, dtype) for name, (dtype, shape) in _columns(0, len(classes)).items()}
        columns |= {"next_id": np.array(1, np.int64), "seconds": np.array(-np.inf), "class_ids": classes}
        return cls(**columns)

    def to_json(self) -> str:
        """One line of JSON that `from_json` turns into the same state to the last bit."""
        return json.dumps({field.name: getattr(self, field.name).tolist() for field in fields(self)})

    @classmethod
    def from_json(cls, text: str) -> TrackerState:
        """The state that `to_json` wrote; ValueError or KeyError for anything else."""
        entries = json.loads(text)
        expected = _columns(len(entries["ids"]), len(entries["class_ids"]))
        return cls(
            **{
                name: np.array(entries[name], dtype).reshape(shape)
                for name, (dtype, shape) in expected.items()
            }
        )

    def __len__(self) -> int:
        return len(self.ids)


_WHOLE, _FLOAT = np.dtype(np.int64), np.dtype(np.float64)


def _columns(tracks: int, classes: int) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
    """Type and shape of each column."""
    return {
        "next_id": (_WHOLE, ()),
        "seconds": (_FLOAT, ()),
        "class_ids": (np.dtype(np.int32), (classes,)),
        "ids": (_WHOLE, (tracks,)),
        "means": (_FLOAT, (tracks, 4, 2)),
        "covariances": (_FLOAT, (tracks, 4, 3)),
        "votes": (_FLOAT, (tracks, classes)),
        "peaks": (np.dtype(np.float32), (tracks,)),
        "hits": (_WHOLE, (tracks,)),
        "missed": (_WHOLE, (tracks,)),
        "last_seen": (_FLOAT, (tracks,)),
    }
