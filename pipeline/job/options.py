"""The options of a job: one table for the command line and for job files."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipeline.video.settings import CHUNK_FRAMES, H264_CRF

#: Hours, minutes and seconds; where minutes are given, seconds are below 60, and so are minutes where hours are.
_CLOCK = re.compile(r"(?:(?:(\d+):(?=[0-5]?\d:))?(\d+):(?=[0-5]?\d(?:\.|$)))?(\d+(?:\.\d*)?|\.\d+)")
_TIME = "seconds such as 12.5, MM:SS or HH:MM:SS"


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Option:
    """One option.

    name : its long flag without the dashes, and its key in a job file. room, field : the setting it becomes, which
    has its type and its default. help : a line for people. metavar : what stands for the value; None: a switch.
    form : from a word of the command line, or a value of a job file, to a value of the setting's own shape; ValueError
    where it has none, ConfigError where that needs words of its own. expects : what to give, in words, where the
    setting's type does not tell.
    short : one letter. repeats : may be given several times.
    """

    name: str
    room: str
    field: str
    help: str
    metavar: str | None = None
    form: Callable[[Any], Any] = _as_it_is
    expects: str | None = None
    short: str | None = None
    repeats: bool = False


def _text(value: Any) -> str:
    """Text of a word, and of a number, as names may be numbers."""
    if isinstance(value, dict | list | bool) or value is None:
        raise ValueError("a text, in quotes if it is one such as no or on")
    return str(value)


def _off_switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return not value


def _words(value: Any) -> list[str]:
    """Words of `a,b` or of a list."""
    items = value if isinstance(value, list) else _text(value).split(",")
    words = [_text(item).strip() for item in items]
    if not all(words):
        raise ValueError(value)
    return words


def _or_auto(value: Any) -> Any:
    return None if value == "auto" else value


def _or_off(value: Any) -> Any:
    return "off" if value is False else value  # YAML 1.1 takes the word for a switch


def _bits(value: Any) -> float:
    """Bits a second of 4000000, 4000k or 4M."""
    text = _text(value)
    factor = {"k": 1_000, "K": 1_000, "M": 1_000_000}.get(text[-1:], 1)
    bits = float(text[:-1] if factor > 1 else text) * factor
    return round(bits) if math.isfinite(bits) else bits


def _regions(value: Any) -> list[Any]:
    """Regions of a list whose items are `x,y,w,h`, lists of four numbers, or pictures of regions."""
    items = value if isinstance(value, list) else [value]
    if items and not isinstance(items[0], list | str):
        items = [items]
    return [region for item in items for region in (_region(item) if isinstance(item, str) else [item])]


def is_region_picture(value: Any) -> bool:
    """True if a value of ignore-region is the path of a picture."""
    return isinstance(value, str) and value.endswith(".png")


def _region(text: str) -> list[Any]:
    if not is_region_picture(text):
        return [text.split(",")]
    from pipeline.store.region_picture import read_region  # half a second of imports, for those who need it

    return [list(rectangle) for rectangle in read_region(Path(text).expanduser())]


def _seconds(value: Any) -> float:
    """Seconds of 12.5, MM:SS or HH:MM:SS, of which the last may have decimals.

    Raises ValueError for anything else.
    """
    found = _CLOCK.fullmatch(_text(value).strip())
    if found is None:
        raise ValueError(value)
    hours, minutes, seconds = (Fraction(part or 0) for part in found.groups())
    return float((hours * 60 + minutes) * 60 + seconds)


_TABLE = (
    Option("model", "segment", "model", "weights: a name from `seg-video models`, or a path", "NAME", _text),
    Option("conf", "render", "conf", "least score of a track that is shown, over its best frames", "SCORE"),
    Option("every", "segment", "every", "the network looks at every Nth frame; those between are interpolated", "N",
           _or_auto, expects="auto or a whole number"),
    Option("thorough", "segment", "thorough",
           "six looks at each frame, whole, mirrored and at enlarged parts: six times the network's work"),
    Option("classes", "render", "classes", "show only these: names or ids, as in person,car", "LIST", _words,
           expects="names with commas between them"),
    Option("max-objects", "render", "max_objects", "show at most N objects a frame, those of the best scores", "N"),
    Option("ignore-region", "track", "ignore_regions",
           "leave out what lies in this region, such as the bonnet: in pixels, or the white of a .png; may be repeated",
           "X,Y,W,H|PNG", _regions, expects="x,y,width,height in pixels, or a .png", repeats=True),
    Option("view", "render", "view",
           "what is drawn: objects, the class of each pixel, or both, as far as the network gives them", "WHAT"),
    Option("style", "render", "style", "what is painted, with commas between", "LIST", _words,
           expects="names with commas between them"),
    Option("labels", "render", "labels", "which objects are named", "WHICH"),
    Option("label-scores", "render", "label_scores",
           "labels show the track's score too, the one that --conf judges"),
    Option("own-car", "track", "own_car", "leave out what stands still while the world moves", "WHAT", _or_off),
    Option("alpha", "render", "alpha", "share of the colour under a mask", "SHARE"),
    Option("color-by", "render", "color_by", "what decides the colour", "WHAT"),
    Option("frames-as-video", "decode", "frames_as_video",
           "a folder of numbered JPEG, PNG or TIFF frames is a film of so many a second: 25, 29.97 or 30000/1001",
           "RATE", _text),
    Option("start", "decode", "start",
           "begin with the first frame at this time of the film or later: 12.5, MM:SS or HH:MM:SS", "TIME",
           _seconds, expects=_TIME),
    Option("end", "decode", "end", "end before the first frame at this time or later", "TIME", _seconds,
           expects=_TIME),
    Option("duration", "decode", "duration", "end so long behind --start", "TIME", _seconds, expects=_TIME),
    Option("keep-times", "decode", "keep_times",
           "a part keeps the times of the film; otherwise its first frame is shown at 0"),
    Option("damaged", "decode", "damaged",
           "frames that do not decode; keep-time shows the one before again, drop leaves them out", "WHAT"),
    Option("deinterlace", "decode", "deinterlace", "make progressive frames of interlaced ones"),
    Option("tone-map", "decode", "tone_map", "make SDR of HDR: BT.709 with 8 bit"),
    Option("encoder", "encode", "encoder",
           "what writes the video; auto is libx264, or libx265 where the source has more than 8 bit", "NAME"),
    Option("crf", "encode", "crf", f"constant quality, smaller is better ({H264_CRF} for H.264)", "NUMBER"),
    Option("preset", "encode", "preset", "the encoder's own name for speed against size", "NAME", _text),
    Option("fast", "encode", "fast", "quicker, larger encoding; while the network works, also --every 3"),
    Option("bitrate", "encode", "bitrate", "bits a second instead of constant quality, as 4M", "BITS", _bits,
           expects="bits a second, such as 4M"),
    Option("quality", "pictures", "quality", "JPEG, WebP and AVIF pictures: 1 to 100, larger is better", "N"),
    Option("device", "segment", "device", "where the network runs; auto is the GPU where there is one", "NAME"),
    Option("precision", "segment", "precision",
           "numbers that the network computes in; int8 is the fastest, and finds a little less", "NAME"),
    Option("workers", "run", "workers",
           "processes that run the network (auto: one a GPU, else one; 0: all is done in this one)", "N", _or_auto,
           expects="auto or a whole number"),
    Option("batch", "segment", "batch", "frames computed at a time; more than one helps only on a GPU", "N"),
    Option("chunk-frames", "run", "chunk_frames", f"frames of a chunk ({CHUNK_FRAMES})", "N"),
    Option("cluster", "run", "cluster",
           "a running Ray cluster; auto: the one here, local: one of this run alone", "HOST:PORT"),
    Option("force", "run", "force", "replace an output that exists", short="y"),
    Option("no-clobber", "run", "skip", "skip inputs whose output exists", short="n"),
    Option("work-dir", "run", "work_dir",
           "where chunk files go meanwhile, and the runs of outputs in a storage", "FOLDER", _text),
    Option("keep-work", "run", "keep_work", "keep chunk files after success"),
    Option("no-sidecar", "run", "sidecar", "leave nothing beside the output", form=_off_switch),
)  # fmt: skip

#: Every option by its name.
OPTIONS: Mapping[str, Option] = MappingProxyType({option.name: option for option in _TABLE})
