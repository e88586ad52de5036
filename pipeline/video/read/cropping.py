"""The rows and columns that a container asks players to cut off, which FFmpeg's decoders leave on."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import BinaryIO

from pipeline.structures.address import Place
from pipeline.video.headers.ebml import TRACKS, elements, unsigned
from pipeline.video.headers.mp4_boxes import PICTURES_HEAD, Span, boxes, descriptions, numbers, track_number
from pipeline.video.read.source import open_bytes, size_of

#: Matroska's ids of a track's kind, of its pictures, and of what is cut off of them.
_KIND, _IS_VIDEO, _PICTURES = 0x83, 1, 0xE0
_EDGES = {0x54CC: "left", 0x54BB: "top", 0x54DD: "right", 0x54AA: "bottom"}


def cropping(
    path: Place, container: str, track_id: int, place: int, size: tuple[int, int]
) -> tuple[str, ...]:
    """The crop of a track as words, none where all of a picture is shown; of MP4, MOV and Matroska.

    track_id : its number in MP4. place : how many video tracks come before it. size : width and height as stored.
    """
    if "mp4" in container:
        return _clean_aperture(path, track_id, size)
    return _pixel_crop(path, place) if "matroska" in container else ()


def _clean_aperture(path: Place, track_id: int, size: tuple[int, int]) -> tuple[str, ...]:
    """The crop that an MP4's `clap` asks for; a box that is too short asks for nothing, and others say so."""
    with open_bytes(path) as file:
        try:
            for _, track in boxes(file, (0, size_of(path)), "moov", "trak"):
                if track_id in (track_number(file, begin) for _, (begin, _) in boxes(file, track, "tkhd")):
                    return _aperture_words(file, track, size)
        except struct.error:
            return ()
    return ()


def _aperture_words(file: BinaryIO, track: Span, size: tuple[int, int]) -> tuple[str, ...]:
    for _, (entry, end) in descriptions(file, track):
        for _, (at, _) in boxes(file, (entry + PICTURES_HEAD, end), "clap"):
            # Width, height and how far the middle is moved each way, all fractions.
            said = numbers(file, at, ">8i")
            if 0 in said[1::2]:
                return ("a crop that means nothing",)
            wide, high, x, y = (Fraction(*said[place : place + 2]) for place in (0, 2, 4, 6))
            if (wide, high, x, y) != (*size, 0, 0):
                moved = f" moved by {float(x):g},{float(y):g}" if x or y else ""
                return (f"a crop to {float(wide):g}x{float(high):g} px{moved}",)
    return ()


def _pixel_crop(path: Place, place: int) -> tuple[str, ...]:
    with open_bytes(path) as file:
        tracks = [inner for _, inner in elements(file, (0, size_of(path)), *TRACKS)]
        videos = [
            track
            for track in tracks
            if any(unsigned(file, kind) == _IS_VIDEO for _, kind in elements(file, track, _KIND))
        ]
        cut = {
            name: unsigned(file, inner)
            for track in videos[place : place + 1]
            for _, pictures in elements(file, track, _PICTURES)
            for name, inner in elements(file, pictures)
            if name in _EDGES
        }
    words = [f"{cut[name]} px {edge}" for name, edge in _EDGES.items() if cut.get(name)]
    return (f"a crop of {', '.join(words)}",) if words else ()
