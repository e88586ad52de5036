"""The words of an MP4 file's header that FFmpeg passes over and other players obey."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import PurePath
from typing import BinaryIO

from pipeline.structures.video_info import VideoInfo
from pipeline.video.headers.mp4_boxes import (
    Span,
    after_times,
    boxes,
    clock_and_length,
    descriptions,
    handler,
    numbers,
    packets_length,
    table_rows,
    track_number,
)
from pipeline.video.headers.mp4_layout import layout_faults
from pipeline.video.headers.mp4_pictures import ONE, PLAIN_MATRIX, picture_faults
from pipeline.video.headers.mp4_words import word_faults
from pipeline.video.read.source import open_bytes, size_of

#: 1 as a fixed-point number of two bytes.
_ONE_SHORT = 0x100

#: Flags of a track that players show, and of media that lie in the file itself (ISO 14496-12, 8.3.2 and 8.7.2).
_ENABLED, _IN_FILM, _IN_FILE = 1, 2, 1

#: Handlers of sound and texts, of which FFmpeg reads neither layer nor matrix.
_WITHOUT_PICTURES = (b"soun", b"sbtl", b"text", b"subt")

#: How players put the pictures of a track on what lies below: as they are, or dithered as QuickTime says.
_PLAIN_MODES = (0, 0x40)

#: The version of QuickTime's entries of sound that keeps rate and channels elsewhere.
_WITHOUT_RATE = 2

#: Channels that writers say of compressed sound, however many it has.
_USUAL_CHANNELS = 2

#: Lengths are written of what is shown or of what is decoded: they may be so far apart, in seconds.
_APART = Fraction(1, 10)


#: Samples a second and channels, as a decoder gives them.
Sound = tuple[int, int]


def header_faults(info: VideoInfo, track_id: int, sounds: Mapping[int, Sound]) -> tuple[str, ...]:
    """A sentence for each word by which a player would show the file in another way than FFmpeg decodes it.

    How it is put together; the film's rate, volume, matrix and length; of each track the volume, the edits, the length
    and where its media lie; of sound, which is `sounds` by numbers of tracks, the samples a second and channels; of the
    painted video, whose track is `track_id`, all that picture_faults knows. Nothing for other formats than MP4 and MOV.
    """
    if "mp4" not in info.container:
        return ()
    try:
        with open_bytes(info.path) as file:
            whole = (0, size_of(info.path))
            return (
                *layout_faults(file, whole, PurePath(info.path.name), info.chapters),
                *_film_faults(file, whole),
                *_faults_of_tracks(file, whole, info, track_id),
                *_sound_faults(file, whole, sounds),
                *word_faults(file, whole, track_id),
            )
    except struct.error:
        return ("a box of its header is too short",)


def _film_faults(file: BinaryIO, whole: Span) -> Iterator[str]:
    for _, (begin, _) in boxes(file, whole, "moov", "mvhd"):
        rate, volume = numbers(file, begin + after_times(file, begin, 20, 32), ">IH")
        if rate != ONE:
            yield f"it asks to be played at {rate / ONE:g} times its speed"
        if volume != _ONE_SHORT:
            yield f"it asks to be played at {volume / _ONE_SHORT:g} times its volume"
        if numbers(file, begin + after_times(file, begin, 36, 48), ">9i") != PLAIN_MATRIX:
            yield "the matrix of the film is not plain"


def _faults_of_tracks(file: BinaryIO, whole: Span, info: VideoInfo, track_id: int) -> Iterator[str]:
    lengths, clock = [], Fraction(1)
    for _, (begin, _) in boxes(file, whole, "moov", "mvhd"):
        ticks, length = clock_and_length(file, begin)
        clock = Fraction(1, ticks or 1)
        lengths.append(length * clock)
    tracks, groups = [], dict[int, int]()
    for _, track in boxes(file, whole, "moov", "trak"):
        yield from _track_faults(file, track, info, track_id, clock)
        for _, (begin, _) in boxes(file, track, "tkhd"):
            tracks.append(_own_length(file, begin) * clock)
            (groups[track_number(file, begin)],) = numbers(
                file, begin + after_times(file, begin, 34, 46), ">H"
            )
    # Of the tracks of a group a player shows one; FFmpeg gives each a group of its own where several are defaults.
    if (group := groups.get(track_id, 0)) and list(groups.values()).count(group) > 1:
        yield "the video's track is told to be an alternative to others"
    longest = max(tracks, default=Fraction(0))
    if "moof" not in {name for name, _ in boxes(file, whole)} and _differ(lengths[:1], [longest]):
        yield f"it says that it is {float(lengths[0]):.3f} s long, and its tracks {float(longest):.3f} s"


def _track_faults(
    file: BinaryIO, track: Span, info: VideoInfo, track_id: int, clock: Fraction
) -> Iterator[str]:
    ((_, (begin, _)),) = [*boxes(file, track, "tkhd")][:1] or [("", (0, 0))]
    (flags,) = numbers(file, begin, ">I")
    number = track_number(file, begin)
    kind = handler(file, track)
    layer, volume, *matrix = numbers(file, begin + after_times(file, begin, 32, 44), ">h2xHxx9i")
    if volume != (_ONE_SHORT if kind == b"soun" else 0):
        yield f"track {number} has {volume / _ONE_SHORT:g} times its volume"
    if not flags & _IN_FILM:
        yield f"track {number} does not belong to the film"
    if kind in _WITHOUT_PICTURES and (layer or tuple(matrix) != PLAIN_MATRIX):
        yield f"track {number} is to be shown above or below others, moved or turned"
    if number == track_id:
        if not flags & _ENABLED:
            yield "the video's track is not enabled"
        yield from picture_faults(file, track, info)
    yield from _medium_faults(file, track, number)
    yield from _edit_faults(file, track, number, clock, _own_length(file, begin))


def _sound_faults(file: BinaryIO, whole: Span, sounds: Mapping[int, Sound]) -> Iterator[str]:
    """A sentence where sound is said to be other than its decoder gives, which FFmpeg goes by.

    A rate too large for 16 bits is 0, and a codec that doubles the rate may give the half (ISO 14496-12, 12.2.3).
    """
    for _, track in boxes(file, whole, "moov", "trak"):
        number = next(track_number(file, begin) for _, (begin, _) in boxes(file, track, "tkhd"))
        if number not in sounds:
            continue
        rate, channels = sounds[number]
        for _, (entry, _) in descriptions(file, track):
            version, told_channels, told = numbers(file, entry + 8, ">H6xH6xI")
            if version >= _WITHOUT_RATE:
                continue
            if told >> 16 not in (rate, rate // 2, 0):
                yield f"track {number} is said to have {told >> 16} samples a second instead of {rate}"
            if told_channels not in (channels, _USUAL_CHANNELS):
                yield f"track {number} is said to have {told_channels} channels instead of {channels}"


def _medium_faults(file: BinaryIO, track: Span, number: int) -> Iterator[str]:
    """A sentence where a track is not played as it is, or its media are said to lie in another file."""
    for _, (begin, _) in boxes(file, track, "mdia", "minf", "smhd"):
        if numbers(file, begin + 4, ">h")[0]:
            yield f"the sound of track {number} is to come from one side"
    for _, (begin, _) in boxes(file, track, "mdia", "minf", "vmhd"):
        if numbers(file, begin + 4, ">H")[0] not in _PLAIN_MODES:
            yield f"the pictures of track {number} are to be mixed with others"
    for _, (begin, end) in boxes(file, track, "mdia", "minf", "dinf", "dref"):
        flags = [numbers(file, inner, ">I")[0] for _, (inner, _) in boxes(file, (begin + 8, end))]
        if not all(flag & _IN_FILE for flag in flags):
            yield f"the media of track {number} are said to lie in another file"
    for _, (begin, _) in boxes(file, track, "mdia", "mdhd"):
        ticks, told = clock_and_length(file, begin)
        shown, later = _lengths(file, track)
        least, most = shown - _APART * ticks, shown + later + _APART * ticks
        if shown and not least <= told <= most:
            yield f"track {number} says that its media are {told / (ticks or 1):.3f} s long"


def _lengths(file: BinaryIO, track: Span) -> tuple[int, int]:
    """Length of a track in ticks, as its packets say, and by how much a picture may be shown later than decoded."""
    path = ("mdia", "minf", "stbl", "ctts")
    later = [offset for _, span in boxes(file, track, *path) for _, offset in table_rows(file, span, ">Ii")]
    return packets_length(file, track), max(later, default=0) - min(later, default=0) + max(later, default=0)


def _edit_faults(file: BinaryIO, track: Span, number: int, clock: Fraction, length: int) -> Iterator[str]:
    for _, (begin, end) in boxes(file, track, "edts", "elst"):
        form = ">QqI" if after_times(file, begin, 0, 1) else ">IiI"
        edits = table_rows(file, (begin, end), form)
        for _, _, rate in edits:
            if rate != ONE:
                yield f"an edit of track {number} asks for {rate / ONE:g} times its speed"
        told, shown = length * clock, sum(edit[0] for edit in edits) * clock
        if _differ([told], [shown]):
            yield f"track {number} says that it is {float(told):.3f} s long, and its edits {float(shown):.3f} s"


def _differ(one: list[Fraction], other: list[Fraction]) -> bool:
    return any(abs(a - b) > _APART for a, b in zip(one, other, strict=False))


def _own_length(file: BinaryIO, begin: int) -> int:
    """Length of a track in ticks of the film."""
    is_long = after_times(file, begin, 0, 1)
    return numbers(file, begin + (28 if is_long else 20), ">Q" if is_long else ">I")[0]
