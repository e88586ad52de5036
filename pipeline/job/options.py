"""The options of a job: one table for the command line and for job files."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pipeline.errors import UsageError


@dataclass(frozen=True)
class Option:
    """One option.

    name : its long flag without the dashes, and its key in a job file. room, field : the setting it becomes.
    read : from a word of the command line, or a value of a job file, to the setting's value.
    help : a line for people. metavar : what stands for the value; None: a switch. short : one letter.
    repeats : may be given several times.
    """

    name: str
    room: str
    field: str
    read: Callable[[Any], Any]
    help: str
    metavar: str | None = None
    short: str | None = None
    repeats: bool = False


#: How many characters of a wrong value an error shows.
_SHOWN = 200

#: Counts, bits and pixels are 32-bit numbers in the libraries that take them.
_LARGEST = 2**31 - 1


def _text(value: Any) -> str:
    if isinstance(value, dict | list | bool) or value is None:
        raise ValueError("a word")
    return str(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError("a whole number")
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise ValueError("a whole number") from None
    if abs(number) > _LARGEST:
        raise ValueError(f"a whole number up to {_LARGEST}")
    return number


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError("a number")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("a number") from None
    if not math.isfinite(number):
        raise ValueError("a number that is not infinite")
    return number


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _off_switch(value: Any) -> bool:
    return not _switch(value)


def _words(value: Any) -> tuple[str, ...]:
    """Words of `a,b` or of a list."""
    items = value if isinstance(value, list) else _text(value).split(",")
    words = tuple(_text(item).strip() for item in items)
    if not all(words):
        raise ValueError("names with commas between them")
    return words


def _workers(value: Any) -> int | None:
    try:
        return None if value == "auto" else _whole(value)
    except ValueError:
        raise ValueError("auto or a whole number") from None


def _bits(value: Any) -> int:
    """Bits a second of 4000000, 4000k or 4M."""
    try:
        text = _text(value)
        factor = {"k": 1_000, "K": 1_000, "M": 1_000_000}.get(text[-1:], 1)
        return _whole(float(round(_number(text[:-1] if factor > 1 else text) * factor)))
    except ValueError:
        raise ValueError("bits a second, such as 4M") from None


def _regions(value: Any) -> tuple[tuple[float, ...], ...]:
    """Regions of a list whose items are `x,y,w,h` or lists of four numbers."""
    try:
        items = value if isinstance(value, list) else [value]
        if items and not isinstance(items[0], list | str):
            items = [items]
        return tuple(
            tuple(_number(number) for number in (item.split(",") if isinstance(item, str) else item))
            for item in items
        )
    except (TypeError, ValueError):
        raise ValueError("x,y,width,height in pixels") from None


_TABLE = (
    Option("model", "segment", "model", _text, "weights: a name from `seg-video models`, or a path", "NAME"),
    Option("conf", "render", "conf", _number,
           "an object is shown as long as it is followed, if its track's score, over its best frames, reaches this",
           "SCORE"),
    Option("every", "segment", "every", _whole,
           "the network looks at every Nth frame, and the film before and behind tells what is between", "N"),
    Option("classes", "render", "classes", _words, "show these alone: names or ids, as in person,car", "LIST"),
    Option(
        "ignore-region", "track", "ignore_regions", _regions,
        "leave out what lies there, in pixels, such as the bonnet; may be repeated", "X,Y,W,H", repeats=True,
    ),
    Option("style", "render", "style", _words, "what is painted, with commas between", "LIST"),
    Option("labels", "render", "labels", _text, "which objects are named", "WHICH"),
    Option("label-scores", "render", "label_scores", _switch,
           "labels show the track's score too, the one that --conf judges"),
    Option("own-car", "track", "own_car", _text, "leave out what stands still while the world moves", "WHAT"),
    Option("alpha", "render", "alpha", _number, "share of the colour under a mask", "SHARE"),
    Option("color-by", "render", "color_by", _text, "what decides the colour", "WHAT"),
    Option("damaged", "decode", "damaged", _text,
           "frames that do not decode; keep-time shows the one before again, drop leaves them out", "WHAT"),
    Option("deinterlace", "decode", "deinterlace", _switch, "make progressive frames of interlaced ones"),
    Option("tone-map", "decode", "tone_map", _switch, "make SDR of HDR: BT.709 with 8 bit"),
    Option("encoder", "encode", "encoder", _text,
           "what writes the video; auto is libx264, or libx265 where the source has more than 8 bit", "NAME"),
    Option("crf", "encode", "crf", _whole, "constant quality, smaller is better (20 for H.264)", "NUMBER"),
    Option("preset", "encode", "preset", _text, "the encoder's own name for speed against size", "NAME"),
    Option("fast", "encode", "fast", _switch, "a third of the work for the network, and a quicker, larger encoding"),
    Option("bitrate", "encode", "bitrate", _bits, "bits a second instead of constant quality, as 4M", "BITS"),
    Option("device", "segment", "device", _text, "where the network runs; auto is the GPU where there is one", "NAME"),
    Option("workers", "run", "workers", _workers,
           "processes that run the network (auto: one a GPU, else one; 0: this one)", "N"),
    Option("batch", "segment", "batch", _whole, "frames computed at a time (1 on a CPU, 8 on a GPU)", "N"),
    Option("chunk-frames", "run", "chunk_frames", _whole, "frames worked on at once (96)", "N"),
    Option("cluster", "run", "cluster", _text,
           "a running Ray cluster; auto: the one here, local: one of this run alone", "HOST:PORT"),
    Option("force", "run", "force", _switch, "replace an output that exists", short="y"),
    Option("no-clobber", "run", "skip", _switch, "skip inputs whose output exists", short="n"),
    Option("work-dir", "run", "work_dir", _text, "where chunk files go meanwhile", "FOLDER"),
    Option("keep-work", "run", "keep_work", _switch, "keep chunk files after success"),
    Option("no-sidecar", "run", "sidecar", _off_switch, "leave nothing beside the output"),
)  # fmt: skip

#: Every option by its name.
OPTIONS: Mapping[str, Option] = MappingProxyType({option.name: option for option in _TABLE})


def read_option(option: Option, value: Any) -> Any:
    """The setting's value. Raises UsageError, with what was expected, for a value it cannot have."""
    try:
        return option.read(value)
    except ValueError as expected:
        raise UsageError(
            f"{option.name} has a value it cannot have.", found=shown(value), do=f"give {expected}"
        ) from None


def shown(value: Any) -> str:
    """The value as an error shows it, cut where it is long."""
    text = f"a whole number of {value.bit_length()} bits" if _is_huge(value) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _is_huge(value: Any) -> bool:
    return isinstance(value, int) and abs(value) > 10**30
