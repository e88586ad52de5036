"""Header: the frames of a file of detections, including those without any detection."""

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

#: Increased when a column or a header key changes its meaning, not when one is added; see docs/detections.md.
SCHEMA_VERSION = 2

#: Versions that can be read. In version 1 `track_peak_score` was the best score up to the frame.
_READ = (1, 2)

#: Twelve days at 60 frames per second. A short hostile header could otherwise claim any number.
_MOST_FRAMES = 1 << 26

#: Most cells of an edge map, which has some thousands.
_MOST_CELLS = 1 << 20


@dataclass(frozen=True)
class StoredPicture:
    """A frame that is a picture of its own.

    name : the picture's path as it was given. output : the path of its output.
    width, height : upright size in px, the unit of its boxes.
    found, made : fingerprints of its detections, and of its output.
    sha256 : of the output; empty in files of earlier releases, whose outputs are only replaced on request.
    class_map : SHA-256 of the file of its class map; empty if there is none.
    conf, classes, max_objects : the objects that the output shows, as in RenderSettings.
    source, content : absolute path and SHA-256 of the picture. Files of earlier releases have none of these five.
    """

    name: str
    output: str
    width: int
    height: int
    found: str
    made: str
    sha256: str = ""
    class_map: str = ""
    conf: float = 0.5
    classes: tuple[str | int, ...] = ()
    max_objects: int | None = None
    source: str = ""
    content: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))  # a list in JSON


@dataclass(frozen=True, eq=False)
class Header:
    """The frames [first_frame, first_frame + len(pts)) of a video.

    width, height : upright frame size in px, the unit of the boxes.
    time_base : seconds per tick of `pts`.
    first_frame : index of the first frame in the source, in presentation order, from 0.
    pts : int64 [frames], presentation time of each frame in ticks.
    class_names : name of each class id.
    tracked : whether the track columns are filled.
    pictures : an entry per frame if the frames are pictures, and width and height are the largest; empty for a video.
    motions : float32 [frames, 8], each frame's FrameMotion; None if it was not measured.
    edges : by frame number, of the frames sampled to find what stands still in the picture.
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
        """Number after that of the last frame."""
        return self.first_frame + len(self.pts)

    def size_of(self, frame: int) -> tuple[int, int]:
        """Width and height of a frame in px; each picture has its own."""
        if not self.pictures:
            return self.width, self.height
        picture = self.pictures[frame - self.first_frame]
        return picture.width, picture.height

    @property
    def stems(self) -> list[str]:
        """File names without ending: numbers for frames, names for pictures, with numbers if two are the same."""
        numbers = [f"{frame:06d}" for frame in range(self.first_frame, self.stop_frame)]
        stems = [Path(picture.name).stem for picture in self.pictures]
        if len(set(stems)) == len(stems):
            return stems or numbers
        return [f"{stem}_{number}" for stem, number in zip(stems, numbers, strict=True)]

    @property
    def seconds(self) -> NDArray[np.float64]:
        """float64 [frames], presentation times, each rounded once from the exact fraction."""
        return np.array([float(to_seconds(int(ticks), self.time_base)) for ticks in self.pts], np.float64)

    def to_json(self) -> str:
        """One line of JSON, the same for equal headers; times are stored as steps [ticks, how often]."""
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
                # Left out for videos, so that their headers are the same as in earlier releases.
                **({"pictures": [astuple(entry) for entry in self.pictures]} if self.pictures else {}),
                **more,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> Header:
        """The header that `to_json` wrote. Raises ValueError or KeyError, naming the fault, for anything else."""
        entries = json.loads(text)
        if entries["schema"] not in _READ:
            known = " and ".join(str(version) for version in _READ)
            raise ValueError(f"schema version {entries['schema']}; this release reads {known}")
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
        """The motion into frame number `frame` of the source; no motion if it was not measured."""
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
    """Height, width, and the compressed cells as text."""
    return [*edges.shape, base64.b64encode(zlib.compress(edges.tobytes(), 9)).decode()]


def _edges(height: int, width: int, text: str) -> EdgeMap:
    try:
        # One more than fits, since hostile data can expand a thousandfold.
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
