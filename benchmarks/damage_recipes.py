"""The outputs that verify_damage.py damages: what each is made of, and the kinds of damage that are tried on it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ffmpeg
import format_damages
import mask_damages
import matroska_damages
import mp4_damages
import picture_damages
import stream_damages
from damage_scene import FINE_H264, TIMEOUT_SECONDS, Damage, Scene, copied

from pipeline import cli
from pipeline.video.read.probe import probe
from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file

SECONDS = 1.6


@dataclass(frozen=True)
class Recipe:
    """An output to damage.

    suffix : its file's ending. write : makes its source of the clip. families : kinds of damage. controls : kinds that
    are none. options : of the command that makes it. streams, encode, kept : of the scene.
    """

    suffix: str
    write: Callable[[Path, Path], None]
    families: Mapping[str, Mapping[str, Damage]]
    controls: Mapping[str, Damage]
    options: tuple[str, ...] = ()
    streams: tuple[str, ...] = ("v",)
    encode: Mapping[str, Any] = field(default_factory=lambda: FINE_H264)
    kept: Mapping[str, str] = field(default_factory=dict)

    def scene(self, clip: Path, folder: Path) -> Callable[[random.Random], Scene]:
        """The output of seg-video, whose damage has a chance of its own."""
        source, made = folder / f"source{self.suffix}", folder / f"out{self.suffix}"
        self.write(clip, source)
        if cli.main(["run", str(source), "-o", str(made), "--quiet", "--workers", "0", *self.options]) != 0:
            raise SystemExit("seg-video could not make the output that is to be damaged")
        info = probe(made)
        size = info.width, info.height, info.frame_count, info.time_base.denominator

        def scene(chance: random.Random) -> Scene:
            return Scene(made, source, *size, self.streams, self.encode, self.kept, chance)

        return scene


def with_all(clip: Path, source: Path) -> None:
    """Two tracks of sound, subtitles, chapters, tags, and in Matroska an attachment."""
    folder = source.parent
    words, listing, font = (folder / name for name in ("words.srt", "chapters.txt", "font.ttf"))
    words.write_text("1\n00:00:00,100 --> 00:00:00,400\nHello\n\n2\n00:00:00,700 --> 00:00:01,200\nAgain\n")
    chapter = "[CHAPTER]\nTIMEBASE=1/1000\nSTART={}\nEND={}\ntitle={}\n"
    both = chapter.format(0, 700, "Town") + chapter.format(700, 1400, "Country")
    listing.write_text(f";FFMETADATA1\ntitle=A drive\ncomment=Night\n{both}")
    font.write_bytes(b"FONT" * 40)
    attached = {"c:s": "srt", "attach": str(font), "metadata:s:t": "mimetype=font/ttf"}
    one, text = from_file(clip), from_file(words)
    noise, tone = (
        ffmpeg.input(what, f="lavfi") for what in ("anoisesrc=d=1.5:c=pink:a=0.2", "sine=f=300:d=1.4")
    )
    tags = {
        "metadata:s:a:0": "title=Cabin",
        "metadata:s:a:1": "language=kor",
        "metadata:s:s:0": "language=eng",
    }
    made = to_file(
        source, one["v:0"], noise["a"], tone["a"], text["s"], c="copy", t=SECONDS, map_chapters=4,
        **FINE_H264, vf="scale=320:-4,fps=15", **tags,
        **{"c:a": "aac", "ac": 2, "disposition:a:0": "default", "disposition:a:1": "0", "metadata:g": "title=A drive"},
        **(attached if source.suffix == ".mkv" else {"c:s": "mov_text"}),
    )  # fmt: skip
    run_ffmpeg(made.global_args("-i", f"file:{listing}"), timeout_seconds=TIMEOUT_SECONDS)


def written(vf: str, *streams: str, **options: Any) -> Callable[[Path, Path], None]:
    """The clip through a filter, with these streams besides the pictures."""

    def write(clip: Path, source: Path) -> None:
        one = from_file(clip)
        made = to_file(source, one["v:0"], *(one[name] for name in streams), vf=vf, t=SECONDS, **options)
        run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)

    return write


_ALL = {"streams": ("v", "a", "s"), "kept": {"metadata:s:a:0": "title=Cabin"}}
#: So that there are several keyframes.
_SHORT_CHUNKS = ("--chunk-frames", "8")

_COPY = {"none: copied by ffmpeg": copied()}

RECIPES = {
    "MP4": Recipe(
        ".mp4",
        with_all,
        {
            **picture_damages.FAMILIES,
            **mask_damages.FAMILIES,
            **stream_damages.FAMILIES,
            **mp4_damages.FAMILIES,
        },
        {**_COPY, **mp4_damages.CONTROLS, **mask_damages.CONTROLS},
        options=_SHORT_CHUNKS,
        **_ALL,
    ),
    "Matroska": Recipe(
        ".mkv", with_all, matroska_damages.FAMILIES, matroska_damages.CONTROLS,
        options=_SHORT_CHUNKS, streams=("v", "a", "s", "t"), kept={},
    ),
    "HEVC": Recipe(
        ".mov",
        written("scale=320:-4,fps=15,format=yuv420p10", "a:0", **format_damages.HDR_HEVC),
        format_damages.HEVC_FAMILIES,
        _COPY,
        streams=("v", "a"),
        encode=format_damages.HDR_HEVC,
    ),
    "AV1": Recipe(
        ".mp4",
        written("scale=320:-4,fps=15", "a:0", **{**FINE_H264, "c:a": "copy"}),
        format_damages.AV1_FAMILIES,
        _COPY,
        options=("--encoder", "libsvtav1"),
        streams=("v", "a"),
        encode=format_damages.FINE_AV1,
    ),
    "phone": Recipe(
        ".mp4",
        format_damages.write_phone,
        format_damages.PHONE_FAMILIES,
        _COPY,
        options=_SHORT_CHUNKS,
        kept=format_damages.TAKEN,
    ),
    "two videos": Recipe(
        ".mp4",
        format_damages.write_two_videos,
        format_damages.TWO_VIDEOS_FAMILIES,
        _COPY,
        streams=("v:0", "v:1", "d:0", "v:2"),
        kept=format_damages.TWO_VIDEOS,
    ),
    "interlaced": Recipe(
        ".mkv",
        written("scale=320:-4,fps=15,setfield=tff", **FINE_H264, **{"flags": "+ilme+ildct", "x264-params": "tff=1"}),
        format_damages.INTERLACED_FAMILIES,
        _COPY,
        encode={**FINE_H264, "flags": "+ilme+ildct", "x264-params": "tff=1"},
    ),
}  # fmt: skip
