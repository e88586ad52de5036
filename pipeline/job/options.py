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

    name : its long flag without the dashes, and its key in a job file.
    room, field : the setting it becomes, which has the type and the default.
    help : a line for people. metavar : stands for the value; None for a switch.
    form : turns a word of the command line, or a value of a job file, into the shape that the setting has; raises
        ValueError where it cannot, ConfigError where that takes an explanation of its own.
    expects : what to give, in words, where the setting's type does not say it.
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
    """The value as text; a number counts as text, because a name may be one."""
    if isinstance(value, dict | list | bool) or value is None:
        raise ValueError("text, in quotes if it is a word such as no or on")
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
    """Bits per second of 4000000, 4000k or 4M."""
    text = _text(value)
    factor = {"k": 1_000, "K": 1_000, "M": 1_000_000}.get(text[-1:], 1)
    bits = float(text[:-1] if factor > 1 else text) * factor
    return round(bits) if math.isfinite(bits) else bits


def _regions(value: Any) -> list[Any]:
    """The regions of a list that holds `x,y,w,h`, lists of four numbers, or pictures of regions."""
    items = value if isinstance(value, list) else [value]
    if items and not isinstance(items[0], list | str):
        items = [items]
    return [region for item in items for region in (_region(item) if isinstance(item, str) else [item])]


def is_region_picture(value: Any) -> bool:
    """True if a value of ignore-region is the path of a picture."""
    return isinstance(value, str) and value.endswith(".png")


def region_pictures(value: Any) -> tuple[Path, ...]:
    """The pictures among the values of ignore-region."""
    items = value if isinstance(value, list) else [value]
    return tuple(Path(item).expanduser() for item in items if is_region_picture(item))


def _region(text: str) -> list[Any]:
    if not is_region_picture(text):
        return [text.split(",")]
    from pipeline.store.region_picture import read_region  # takes half a second to import

    return [list(rectangle) for rectangle in read_region(Path(text).expanduser())]


def _seconds(value: Any) -> float:
    """Seconds of 12.5, MM:SS or HH:MM:SS, where the seconds may have decimals. Raises ValueError otherwise."""
    found = _CLOCK.fullmatch(_text(value).strip())
    if found is None:
        raise ValueError(value)
    hours, minutes, seconds = (Fraction(part or 0) for part in found.groups())
    try:
        return float((hours * 60 + minutes) * 60 + seconds)
    except OverflowError as wrong:
        raise ValueError(value) from wrong


_TABLE = (
    Option("model", "segment", "model", "weights: a name listed by `seg-video models`, or a file", "NAME", _text),
    Option("conf", "render", "conf", "show only tracks whose score, taken over their best frames, is at least this",
           "SCORE"),
    Option("every", "segment", "every", "run the network on every Nth frame and interpolate the others", "N",
           _or_auto, expects="auto or a whole number"),
    Option("thorough", "segment", "thorough",
           "look at each frame six times, whole, mirrored and enlarged: finds more, at six times the network's work"),
    Option("classes", "render", "classes", "show only these classes: names or ids, such as person,car", "LIST", _words,
           expects="names separated by commas"),
    Option("max-objects", "render", "max_objects", "show at most N objects per frame, those with the best scores", "N"),
    Option("ignore-region", "track", "ignore_regions",
           "ignore this region, such as the bonnet: a rectangle in pixels, or the white of a .png; may be repeated",
           "X,Y,W,H|PNG", _regions, expects="x,y,width,height in pixels, or a .png", repeats=True),
    Option("view", "render", "view",
           "what to draw: objects, a class for every pixel, or both, as far as the network provides them", "WHAT"),
    Option("style", "render", "style", "what to paint, separated by commas", "LIST", _words,
           expects="names separated by commas"),
    Option("labels", "render", "labels", "which objects to label", "WHICH"),
    Option("label-scores", "render", "label_scores",
           "add to each label the score that --conf is compared with"),
    Option("own-car", "track", "own_car",
           "leave out the car that carries the camera, which stands still while the world moves", "WHAT", _or_off),
    Option("alpha", "render", "alpha", "opacity of a mask's colour, 0 to 1", "SHARE"),
    Option("color-by", "render", "color_by", "what decides an object's colour", "WHAT"),
    Option("frames-as-video", "decode", "frames_as_video",
           "treat a folder of numbered JPEG, PNG or TIFF frames as a film at this rate: 25, 29.97 or 30000/1001",
           "RATE", _text),
    Option("start", "decode", "start",
           "begin with the first frame at or after this time of the film: 12.5, MM:SS or HH:MM:SS", "TIME",
           _seconds, expects=_TIME),
    Option("end", "decode", "end", "stop before the first frame at or after this time", "TIME", _seconds,
           expects=_TIME),
    Option("duration", "decode", "duration", "stop this long after --start", "TIME", _seconds, expects=_TIME),
    Option("keep-times", "decode", "keep_times",
           "let a part keep the times of the film; otherwise its first frame is shown at 0"),
    Option("damaged", "decode", "damaged",
           "frames that cannot be decoded: keep-time repeats the frame before, drop leaves them out", "WHAT"),
    Option("deinterlace", "decode", "deinterlace", "turn interlaced frames into progressive ones"),
    Option("tone-map", "decode", "tone_map", "turn HDR into SDR: BT.709 with 8 bits"),
    Option("encoder", "encode", "encoder",
           "video encoder; auto is libx264, or libx265 if the source has more than 8 bits", "NAME"),
    Option("crf", "encode", "crf", f"constant quality, lower is better ({H264_CRF} for H.264)", "NUMBER"),
    Option("preset", "encode", "preset", "the encoder's own preset, which trades speed for size", "NAME", _text),
    Option("fast", "encode", "fast",
           "encode faster, into a larger file; when the network runs, also --every 3"),
    Option("bitrate", "encode", "bitrate", "bits per second instead of constant quality, such as 4M", "BITS", _bits,
           expects="bits per second, such as 4M"),
    Option("quality", "pictures", "quality", "JPEG, WebP and AVIF pictures: 1 to 100, higher is better", "N"),
    Option("device", "segment", "device", "where the network runs; auto is the GPU if there is one", "NAME"),
    Option("precision", "segment", "precision",
           "number format that the network computes in; int8 is the fastest and finds slightly less", "NAME"),
    Option("workers", "run", "workers",
           "processes that run the network (auto: one per GPU, or one; 0: all in this process)", "N", _or_auto,
           expects="auto or a whole number"),
    Option("batch", "segment", "batch",
           "frames or pictures per call of the network; more than one helps only on a GPU", "N"),
    Option("chunk-frames", "run", "chunk_frames", f"frames per chunk ({CHUNK_FRAMES})", "N"),
    Option("cluster", "run", "cluster",
           "a running Ray cluster; auto: the one on this machine, local: start one for this run alone", "HOST:PORT"),
    Option("force", "run", "force", "replace an existing output", short="y"),
    Option("no-clobber", "run", "skip", "skip inputs whose output exists", short="n"),
    Option("work-dir", "run", "work_dir",
           "folder for chunk files during the run, and for the runs of outputs in a storage", "FOLDER", _text),
    Option("keep-work", "run", "keep_work", "keep chunk files after success"),
    Option("no-sidecar", "run", "sidecar", "leave nothing beside the output", form=_off_switch),
)  # fmt: skip

#: Every option by its name.
OPTIONS: Mapping[str, Option] = MappingProxyType({option.name: option for option in _TABLE})
