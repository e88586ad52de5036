"""Header: what a file of detections says about its frames, those without any detection among them."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.frame_motion import EdgeMap, FrameMotion, check_edge_map
from pipeline.structures.timebase import to_seconds

#: Rises when a column or a header key changes its meaning, not when one is added; see docs/detections.md.
SCHEMA_VERSION = 2

#: Versions that a reader takes. In version 1 `track_peak_score` was the best score up to the frame.
_READ = (1, 2)

#: More frames than a film of twelve days has at 60 a second. A few letters can ask for any number.
_MOST_FRAMES = 1 << 26

#: Cells of an edge map, which has some thousands.
_MOST_CELLS = 1 << 20


@dataclass(frozen=True)
class StoredPicture:
    """A frame that is a picture of its own.

    name : the picture's path as it was given. output : the path of what was made of it.
    width, height : its size in px, upright; the unit of its boxes.
    found, made : fingerprints of what was found in it, and of its output.
    sha256 : of the output's content; empty in files of earlier releases, whose outputs are not replaced unasked.
    class_map : SHA-256 of its class map's file; empty where there is none.
    """

    name: str
    output: str
    width: int
    height: int
    found: str
    made: str
    sha256: str = ""
    class_map: str = ""


@dataclass(frozen=True, eq=False)
class Header:
    """The frames [first_frame, first_frame + len(pts)) of a video: all of them were looked at.

    width, height : frame size in px, upright; the boxes' unit.
    time_base : seconds a tick of `pts`.
    first_frame : index of the first frame in the source, in presentation order, from 0.
    pts : int64 [frames], presentation time of each frame in ticks.
    class_names : name of each class id.
    tracked : whether the track columns are filled.
    pictures : of frames that are pictures, one entry each; width and height are the largest then. Empty for a video.
    motions : float32 [frames, 8], each frame's FrameMotion; None where it was not measured.
    edges : by the number of the frame, of those that were sampled for what stands still in the picture.
    """

    width: int
    height: int
    time_base: Fraction
    first_frame: int
    pts: NDArray[np.int64]
    class_names: Mapping[int, str]
    tracked: bool = False
    pictures: tuple[StoredPicture, ...] = ()
    motions: NDArray[np.float32] | None = None
    edges: Mapping[int, EdgeMap] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.pts.ndim != 1 or self.pts.dtype != np.int64 or len(self.pts) == 0:
            raise ValueError(
                f"Header.pts: expected int64 [frames], at least one, "
                f"found {self.pts.dtype.name} {list(self.pts.shape)}"
            )
        if self.pictures and len(self.pictures) != len(self.pts):
            raise ValueError(f"Header.pictures: expected {len(self.pts)} entries, found {len(self.pictures)}")
        wanted = (len(self.pts), 8)
        if self.motions is not None and (self.motions.shape != wanted or self.motions.dtype != np.float32):
            raise ValueError(
                f"Header.motions: expected float32 {list(wanted)}, "
                f"found {self.motions.dtype.name} {list(self.motions.shape)}"
            )
        for frame, edges in self.edges.items():
            check_edge_map(edges)
            if not self.first_frame <= frame < self.stop_frame:
                raise ValueError(f"Header.edges: frame {frame} is not among the header's")
        if self.width < 1 or self.height < 1 or self.first_frame < 0 or self.time_base <= 0:
            raise ValueError(
                "Header: expected a frame size and time base above 0 and a first frame from 0 up, found "
                f"{self.width}x{self.height}, {self.time_base}, {self.first_frame}"
            )

    @property
    def stop_frame(self) -> int:
        """Index after the last frame."""
        return self.first_frame + len(self.pts)

    def size_of(self, frame: int) -> tuple[int, int]:
        """Width and height in px of a frame, which pictures have each of their own."""
        if not self.pictures:
            return self.width, self.height
        picture = self.pictures[frame - self.first_frame]
        return picture.width, picture.height

    @property
    def stems(self) -> list[str]:
        """Of each frame, its number; of each picture, its name, and its number too where two are called alike."""
        numbers = [f"{frame:06d}" for frame in range(self.first_frame, self.stop_frame)]
        stems = [Path(picture.name).stem for picture in self.pictures]
        if len(set(stems)) == len(stems):
            return stems or numbers
        return [f"{stem}_{number}" for stem, number in zip(stems, numbers, strict=True)]

    @property
    def seconds(self) -> NDArray[np.float64]:
        """float64 [frames], presentation time of each frame, each rounded once from the exact fraction."""
        return np.array([float(to_seconds(int(ticks), self.time_base)) for ticks in self.pts], np.float64)

    def to_json(self) -> str:
        """One line of JSON, the same for the same header; times as steps: [ticks, how often], ..."""
        more: dict[str, object] = {}
        if self.motions is not None:
            more["motions"] = base64.b64encode(self._motion_bytes()).decode()
        if self.edges:
            more["edges"] = {str(frame): _packed_edges(edges) for frame, edges in sorted(self.edges.items())}
        return json.dumps(
            {
                "schema": SCHEMA_VERSION,
                "width": self.width,
                "height": self.height,
                "time_base": str(self.time_base),
                "first_frame": self.first_frame,
                "first_pts": int(self.pts[0]),
                "pts_steps": _run_lengths(np.diff(self.pts)),
                "class_names": {str(key): self.class_names[key] for key in sorted(self.class_names)},
                "tracked": self.tracked,
                # Videos' headers stay what they were before there were pictures.
                **({"pictures": [astuple(entry) for entry in self.pictures]} if self.pictures else {}),
                **more,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> Header:
        """The header that `to_json` wrote; ValueError or KeyError, naming the fault, for anything else."""
        entries = json.loads(text)
        if entries["schema"] not in _READ:
            known = " and ".join(str(version) for version in _READ)
            raise ValueError(f"schema version {entries['schema']}, this release reads {known}")
        steps = np.array(entries["pts_steps"], np.int64).reshape(-1, 2)
        if steps[:, 1].sum(dtype=object) >= _MOST_FRAMES:
            raise ValueError(f"more than {_MOST_FRAMES} frames")
        ticks = np.concatenate([[entries["first_pts"]], np.repeat(steps[:, 0], steps[:, 1])])
        return cls(
            width=entries["width"],
            height=entries["height"],
            time_base=Fraction(entries["time_base"]),
            first_frame=entries["first_frame"],
            pts=np.cumsum(ticks.astype(np.int64)),
            class_names={int(key): name for key, name in entries["class_names"].items()},
            tracked=entries["tracked"],
            pictures=tuple(StoredPicture(*entry) for entry in entries.get("pictures", ())),
            motions=_motions(entries.get("motions")),
            edges={int(frame): _edges(*packed) for frame, packed in entries.get("edges", {}).items()},
        )

    def motion(self, frame: int) -> FrameMotion:
        """The motion into frame number `frame` of the source; none where it was not measured."""
        if self.motions is None:
            return FrameMotion.none()
        return FrameMotion.from_numbers(self.motions[frame - self.first_frame])

    def _motion_bytes(self) -> bytes:
        assert self.motions is not None
        return self.motions.astype("<f4").tobytes()


def _motions(text: str | None) -> NDArray[np.float32] | None:
    if text is None:
        return None
    numbers = np.frombuffer(base64.b64decode(text, validate=True), "<f4")
    return numbers.astype(np.float32).reshape(-1, 8)


def _packed_edges(edges: EdgeMap) -> list[object]:
    """Height, width and the cells row by row, compressed, as text."""
    return [*edges.shape, base64.b64encode(zlib.compress(edges.tobytes(), 9)).decode()]


def _edges(height: int, width: int, text: str) -> EdgeMap:
    try:
        # One more than there is room for: what is compressed can become a thousand times as long.
        most = min(height * width, _MOST_CELLS) + 1
        cells = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), most)
    except (zlib.error, OverflowError) as error:
        raise ValueError(f"edges: {error}") from None
    return np.frombuffer(cells, np.uint8).reshape(height, width)


def _run_lengths(values: NDArray[np.int64]) -> list[list[int]]:
    """Each run of equal values as [value, length]."""
    if len(values) == 0:
        return []
    starts = np.concatenate([[0], np.flatnonzero(np.diff(values)) + 1])
    lengths = np.diff(np.append(starts, len(values)))
    return [[int(values[start]), int(length)] for start, length in zip(starts, lengths, strict=True)]
