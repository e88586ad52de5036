"""The ffmpeg command that opens a live source by its name and writes its pictures and sound to a pipe."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from pipeline.errors import InputError
from pipeline.terminal import without_password
from pipeline.video.stream.live_stream import STREAM_FORM

#: Addresses that are opened, and the options that keep what they send from piling up.
_STREAM = re.compile(r"(rtsps?|rtmps?|https?|srt|udp|rtp|tcp)://", re.IGNORECASE)

#: A film that lies on a server whole, which would be sent as fast as it can be.
_FILM = re.compile(r"https?://[^?#]*\.(mp4|m4v|mov|mkv|webm|avi)([?#]|$)", re.IGNORECASE)

#: Names that stand for the screen.
_SCREEN = "screen"


@dataclass(frozen=True)
class LiveInput:
    """Arguments by which ffmpeg opens a source.

    name : the source as it is told to people, without a password. target : what stands behind -i.
    options : of the input, by ffmpeg's names without the dash. ends : its end is no loss. is_file : if it cannot be
    shown now it never can, unlike a camera that is not there yet.
    """

    name: str
    target: str
    options: dict[str, Any]
    ends: bool
    is_file: bool = False


def live_input(source: str, *, loop: bool = False, system: str = sys.platform) -> LiveInput:
    """The input named by a camera (a number, /dev/video0, on macOS and Windows a name), an address, a file or `screen`.

    loop : a file begins again at its end. system : as sys.platform tells it. Raises InputError for what is none.
    """
    name = without_password(source)
    if _STREAM.match(source):
        options: dict[str, Any] = {"fflags": "nobuffer", "flags": "low_delay"}
        if source.lower().startswith("rtsp"):
            options |= {"rtsp_transport": "tcp"}
        elif _FILM.match(source):
            options |= {"re": None}
        return LiveInput(name, source, options, ends=False)
    if source == _SCREEN:
        return _screen(system)
    if Path(source).is_file():
        options = {"re": None, "protocol_whitelist": "file,pipe", **({"stream_loop": -1} if loop else {})}
        return LiveInput(name, f"file:{source}", options, ends=not loop, is_file=True)
    camera = _camera(source, system)
    if camera is None:
        raise InputError(
            f"{name} is no camera, address or file.",
            do="give a camera's number, /dev/video0, rtsp://..., http://..., a file, or screen",
        )
    return camera


def stream_command(source: LiveInput, program: Path, *, sound: bool = False) -> list[str]:
    """The words that start `program` so that it writes the source's pictures, upright, in STREAM_FORM to its output.

    sound : the source's sound too, if it has some.
    """
    made = ffmpeg.input(source.target, **source.options)
    streams = [made["v:0"], made["a:0?"]] if sound else [made["v:0"]]
    out = ffmpeg.output(*streams, "pipe:", **STREAM_FORM)
    quiet = out.global_args("-nostdin", "-hide_banner", "-loglevel", "error")
    return [str(word) for word in quiet.compile(str(program))]


def _camera(source: str, system: str) -> LiveInput | None:
    if system == "darwin":
        return LiveInput(source, f"{source}:none", {"format": "avfoundation", "framerate": 30}, ends=False)
    if system == "win32":
        return LiveInput(source, f"video={source}", {"format": "dshow"}, ends=False)
    path = f"/dev/video{source}" if source.isdecimal() else source
    if not path.startswith("/dev/"):
        return None
    return LiveInput(path, path, {"format": "v4l2"}, ends=False)


def _screen(system: str) -> LiveInput:
    if system == "darwin":
        return LiveInput("screen", "Capture screen 0:none", {"format": "avfoundation"}, ends=False)
    if system == "win32":
        return LiveInput("screen", "desktop", {"format": "gdigrab", "framerate": 30}, ends=False)
    display = os.environ.get("DISPLAY", ":0")
    return LiveInput("screen", display, {"format": "x11grab", "framerate": 30}, ends=False)
