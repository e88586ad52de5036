"""VideoInfo: everything about a source that can be known without painting a pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.address import Place
from pipeline.structures.colour import ColourTags
from pipeline.structures.light_levels import LightLevels
from pipeline.structures.spans import Span


@dataclass(frozen=True)
class StreamInfo:
    """One stream of a container.

    index : position in the container.
    kind : video, audio, subtitle, data or attachment.
    codec : name of the format (h264, aac, ...), empty where nothing is known about it.
    time_base : seconds a tick.
    start_pts : when its first packet is shown; None where the container does not say.
    packet_count : how many packets the header promises; 0 where it does not say. A hint.
    disposition : names of the flags that are set, such as default or attached_pic.
    metadata : tags of the stream; the language is among them.
    delay : seconds of a sound's beginning that Matroska hides.
    """

    index: int
    kind: str
    codec: str
    time_base: Fraction
    start_pts: int | None
    packet_count: int
    disposition: tuple[str, ...]
    metadata: Mapping[str, str]
    delay: Fraction = Fraction(0)

    @property
    def language(self) -> str | None:
        """ISO 639 code, None where the stream does not say."""
        return self.metadata.get("language")

    @property
    def is_picture(self) -> bool:
        """A cover or thumbnail that only poses as a video stream."""
        return "attached_pic" in self.disposition or "timed_thumbnails" in self.disposition


@dataclass(frozen=True)
class Chapter:
    """A named stretch [start, end) of the source, in ticks of its own time base."""

    start: int
    end: int
    time_base: Fraction
    metadata: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class VideoInfo:
    """A source, its streams, and every frame of the video stream that is worked on.

    path : where it lies.
    container : FFmpeg's name of its format.
    video : index of the stream that is worked on.
    streams : all streams, in container order.
    coded_width, coded_height : size as stored, in px, before it is turned upright.
    rotation : degrees clockwise, 0, 90, 180 or 270, that turn a stored frame upright.
    mirrored : whether a stored frame must be mirrored left to right before it is turned.
    coded_sample_aspect : width : height of a stored pixel; None where the source does not say.
    pixel_format : FFmpeg's name of what the decoder gives.
    bit_depth : bits of a luma sample.
    colour : what the numbers of a pixel mean.
    interlaced : whether the first frame is two fields.
    time_base : seconds a tick of `pts`.
    average_rate : frames a second over the whole file; a hint, time is read off `pts`.
    timed : whether packets carry their own pts; otherwise only decoding from the start tells the order.
    pts : int64 [N], when each frame is shown, ascending.
    keys : bool [N], whether decoding can start at the frame.
    resets : bool [N], whether it is known to need nothing that lies before a keyframe for it and all behind it.
    decode_order : int64 [N], position of the frame's packet among the shown packets of the stream.
    end_pts : when the last frame ends.
    metadata : tags of the container.
    chapters : in order of time.
    damage : what was found broken while the packets were read, a sentence each.
    light : HDR's static metadata; None where the source has none.
    chroma_location : where the chroma samples of 4:2:0 lie, as FFmpeg names it: left, center, topleft and so on;
        "unspecified" where nothing says so, or it means nothing.
    side_data : what else the first frame or its track brings that nothing here can write: captions, a crop, as words.
    top_field_first : of an interlaced frame as it is stored, whether the field with the first row is the earlier one.
    excerpt : where it was cut out, of a part of a source; its columns, end and chapters are then those of the part.
    """

    path: Place
    container: str
    video: int
    streams: tuple[StreamInfo, ...]
    coded_width: int
    coded_height: int
    rotation: int
    mirrored: bool
    coded_sample_aspect: Fraction | None
    pixel_format: str
    bit_depth: int
    colour: ColourTags
    interlaced: bool
    time_base: Fraction
    average_rate: Fraction | None
    timed: bool
    pts: NDArray[np.int64]
    keys: NDArray[np.bool_]
    resets: NDArray[np.bool_]
    decode_order: NDArray[np.int64]
    end_pts: int
    metadata: Mapping[str, str]
    chapters: tuple[Chapter, ...]
    damage: tuple[str, ...] = ()
    light: LightLevels | None = None
    chroma_location: str = "unspecified"
    top_field_first: bool = True
    side_data: tuple[str, ...] = ()
    excerpt: Excerpt | None = None

    def __post_init__(self) -> None:
        frames = len(self.pts)
        columns = {"pts": np.int64, "keys": np.bool_, "resets": np.bool_, "decode_order": np.int64}
        for name, dtype in columns.items():
            column = getattr(self, name)
            if column.shape != (frames,) or column.dtype != dtype:
                raise ValueError(
                    f"VideoInfo.{name}: expected {np.dtype(dtype).name} [{frames}], "
                    f"found {column.dtype.name} {list(column.shape)}"
                )
        if frames == 0 or (np.diff(self.pts) < 0).any():
            raise ValueError("VideoInfo.pts: expected at least one frame, in ascending order")
        if self.rotation not in (0, 90, 180, 270):
            raise ValueError(f"VideoInfo.rotation: expected 0, 90, 180 or 270, found {self.rotation}")

    @property
    def whole(self) -> VideoInfo:
        """The source that it was cut out of; itself where it is all of it."""
        return self if self.excerpt is None else self.excerpt.whole

    @property
    def span(self) -> Span:
        """Numbers [start, stop) of its frames in the source."""
        return (0, self.frame_count) if self.excerpt is None else (self.excerpt.start, self.excerpt.stop)

    @property
    def frame_count(self) -> int:
        """N, the frames that are shown."""
        return len(self.pts)

    @property
    def stream(self) -> StreamInfo:
        """The stream that is worked on."""
        return self.streams[self.video]

    @property
    def width(self) -> int:
        """Width of the upright frame, in px."""
        return self.coded_height if self.rotation in (90, 270) else self.coded_width

    @property
    def height(self) -> int:
        """Height of the upright frame, in px."""
        return self.coded_width if self.rotation in (90, 270) else self.coded_height

    @property
    def sample_aspect(self) -> Fraction | None:
        """Width : height of an upright pixel; None where the source does not say."""
        if self.coded_sample_aspect is None or self.rotation in (0, 180):
            return self.coded_sample_aspect
        return 1 / self.coded_sample_aspect

    @property
    def field_order(self) -> str:
        """Of the upright frame: "progressive", "top field first" or "bottom field first".

        A frame that lies on its side has no fields any more.
        """
        if not self.interlaced or self.rotation in (90, 270):
            return "progressive"
        turned = self.rotation == 180
        return "top field first" if self.top_field_first != turned else "bottom field first"

    @property
    def start_pts(self) -> int:
        """Ticks at which the first frame is shown."""
        return int(self.pts[0])

    @property
    def duration_seconds(self) -> Fraction:
        """From the first frame's start to the last frame's end."""
        return (self.end_pts - self.start_pts) * self.time_base

    def seconds(self, frame: int) -> Fraction:
        """Exact seconds at which frame number `frame` is shown."""
        return int(self.pts[frame]) * self.time_base


@dataclass(frozen=True, eq=False)
class Excerpt:
    """The place of a part in its source: frames [start, stop) of `whole`, whose times it keeps or not.

    Sound and all else is cut where the first frame begins and the last one ends; not at all where these are the
    source's own.
    """

    whole: VideoInfo
    start: int
    stop: int
    keeps_times: bool = False

    @property
    def begins(self) -> Fraction | None:
        """Seconds of the source at which it begins; None where the source does."""
        return self.whole.seconds(self.start) if self.start else None

    @property
    def ends(self) -> Fraction | None:
        """Seconds of the source at which it ends; None where the source does."""
        return self.whole.seconds(self.stop) if self.stop < self.whole.frame_count else None
