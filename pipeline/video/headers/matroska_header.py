"""The words of a Matroska file that FFmpeg passes over and other players obey (RFC 9559), and marks at its packets."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import PurePath
from typing import BinaryIO

from pipeline.structures.light_levels import LightLevels
from pipeline.structures.video_info import VideoInfo
from pipeline.video.headers.ebml import elements, unsigned, vint
from pipeline.video.headers.mp4_boxes import Span
from pipeline.video.headers.mp4_pictures import FIELD_ORDERS
from pipeline.video.read.source import open_bytes, size_of

_EBML, _DOC_TYPE, _SEGMENT = 0x1A45DFA3, 0x4282, 0x18538067

_SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
_INFO, _TICK, _TRACKS, _TRACK, _CLUSTER = 0x1549A966, 0x2AD7B1, 0x1654AE6B, 0xAE, 0x1F43B675
_CUES, _CUE, _CUE_TIME, _CUE_TRACK, _CUE_NUMBER, _CUE_CLUSTER = 0x1C53BB6B, 0xBB, 0xB3, 0xB7, 0xF7, 0xF1
_NUMBER, _ENABLED, _PICTURES = 0xD7, 0xB9, 0xE0
_WIDTH, _HEIGHT, _SHOWN_WIDTH, _SHOWN_HEIGHT, _SHOWN_IN = 0xB0, 0xBA, 0x54B0, 0x54BA, 0x54B2
_INTERLACED, _FIELD_ORDER = 0x9A, 0x9D
_MASTERING, _MAX_CLL, _MAX_FALL, _LIGHT_MAX, _LIGHT_MIN = 0x55D0, 0x55BC, 0x55BD, 0x55D9, 0x55DA
_COLOUR, _MATRIX, _RANGE, _TRANSFER, _PRIMARIES = 0x55B0, 0x55B1, 0x55B9, 0x55BA, 0x55BB
_LENGTH, _SOUND, _RATES, _CHANNELS = 0x4489, 0xE1, (0xB5, 0x78B5), 0x9F
_CRC, _VOID = 0xBF, 0xEC
_CHAPTERS, _EDITION, _CHAPTER = 0x1043A770, 0x45B9, 0xB6
_CLUSTER_TIME, _SIMPLE, _GROUP, _BLOCK, _REFERENCE = 0xE7, 0xA3, 0xA0, 0xA1, 0xFB

#: x and y of red, green, blue and white.
_POINTS = ((0x55D1, 0x55D2), (0x55D3, 0x55D4), (0x55D5, 0x55D6), (0x55D7, 0x55D8))

#: Flags of a block: it is a keyframe, which a block in a group is that names no other; it is decoded and not shown.
_KEYFRAME, _INVISIBLE = 0x80, 0x08

#: Bytes of a block before its packet: number of the track, of at most 8, the time of 2, flags.
_HEAD = 11

#: Samples a second and channels.
Sound = tuple[int, int]

#: What asks players for another film than the packets are, by where it stands: the word, the number that asks for
#: nothing (None where any does), and what it asks for.
_ASKED = (
    ((_INFO,), 0x3CB923, None, "another file before it"),
    ((_INFO,), 0x3EB923, None, "another file behind it"),
    ((_INFO,), 0x6924, None, "menus"),
    ((_TRACKS, _TRACK), 0xE2, None, "a track made of others"),
    ((_TRACKS, _TRACK), 0x6FAB, None, "another track in place of one"),
    ((_TRACKS, _TRACK), 0x537F, 0, "a track at other times"),
    ((_CHAPTERS, _EDITION), 0x45DD, 0, "its chapters in their order, not that of the film"),
    ((_CHAPTERS, _EDITION), 0x45BD, 0, "no chapters to be shown"),
    ((_CHAPTERS, _EDITION, _CHAPTER), 0x98, 0, "a chapter not to be shown"),
    ((_CHAPTERS, _EDITION, _CHAPTER), 0x4598, 1, "a chapter not to be played"),
    ((_CHAPTERS, _EDITION, _CHAPTER), 0x6E67, None, "a chapter of another file"),
)

#: Seconds by which the length may be told wrongly: FFmpeg writes 0.3 too many where MP3 comes out of AVI.
_APART = Fraction(1)

#: All that may lie in a segment: besides those above chapters, tags, attachments, a check sum and room.
_OF_A_SEGMENT = {
    _SEEK_HEAD, _INFO, _TRACKS, _CLUSTER, _CUES, 0x1043A770, 0x1254C367, 0x1941A469, _CRC, _VOID,
}  # fmt: skip

_NANOSECONDS, _USUAL_TICK = 10**9, 1_000_000
#: H.273's word for what nobody knows, and Matroska's numbers for ranges.
_UNKNOWN, _RANGES = 2, {1: False, 2: True}


def matroska_faults(info: VideoInfo, sounds: Mapping[int, Sound], end_seconds: Fraction) -> tuple[str, ...]:
    """A sentence for each word by which a player would show the file in another way than FFmpeg decodes it.

    The kind of file, check sums, places of its parts, its length, the table of keyframes; of the painted video sizes
    and colours; of sound what its decoder gives. Nothing for other formats than Matroska and WebM.

    sounds : what decoders give, by position of the stream. end_seconds : when the last packet of any stream ends.
    """
    if "matroska" not in info.container:
        return ()
    with open_bytes(info.path) as file:
        whole = (0, size_of(info.path))
        top, suffix = list(elements(file, whole)), PurePath(info.path.name).suffix.lower()
        segment = next((span for name, span in top if name == _SEGMENT), (0, 0))
        return (
            *_kind_faults(file, top, whole, suffix),
            *_segment_faults(file, segment, info),
            *_asked_of_players(file, segment),
            *_length_faults(file, segment, end_seconds),
            *_sound_faults(file, segment, sounds),
        )


def _kind_faults(file: BinaryIO, top: list[tuple[int, Span]], whole: Span, suffix: str) -> Iterator[str]:
    names, end = [name for name, _ in top if name != _VOID], max((end for _, (_, end) in top), default=0)
    if names != [_EBML, _SEGMENT] or end != whole[1]:
        yield "it holds something else before or behind the film"
    for _, span in elements(file, whole, _EBML):
        kind = next((_text(file, inner) for _, inner in elements(file, span, _DOC_TYPE)), "")
        wanted = {".webm": {"webm"}, ".mkv": {"matroska"}}.get(suffix, {"webm", "matroska"})
        if kind not in wanted:
            yield f"it calls itself {kind!r}, which is not what {suffix or 'Matroska'} is"


def _segment_faults(file: BinaryIO, segment: Span, info: VideoInfo) -> Iterator[str]:
    parts = list(elements(file, segment))
    begin, end = segment
    if {name for name, _ in parts} - _OF_A_SEGMENT or max(
        (last for _, (_, last) in parts), default=begin
    ) != end:
        yield "its segment holds something that belongs to no film"
    for name, span in parts:
        if not _sum_is_right(file, span):
            yield f"a check sum is wrong, of the part {name:#x}"
    places = _places(file, segment)
    for _, seek in elements(file, segment, _SEEK_HEAD, _SEEK):
        words = dict(elements(file, seek))
        if _SEEK_ID in words and _SEEK_POSITION in words:
            target, at = unsigned(file, words[_SEEK_ID]), begin + unsigned(file, words[_SEEK_POSITION])
            if places.get(at) != target:
                yield f"it looks for the part {target:#x} where it is not"
    tracks = [span for _, span in elements(file, segment, _TRACKS, _TRACK)]
    for track in tracks[info.video : info.video + 1]:
        yield from _track_faults(file, track, info)
        yield from _cue_faults(file, segment, places, _word(file, track, _NUMBER), info)
        yield from _mark_faults(file, segment, _word(file, track, _NUMBER), _tick(file, segment), info)


def _asked_of_players(file: BinaryIO, segment: Span) -> Iterator[str]:
    for path, word, plain, what in _ASKED:
        for _, span in elements(file, segment, *path, word):
            if plain is None or unsigned(file, span) != plain:
                yield f"it asks for {what}"


def _length_faults(file: BinaryIO, segment: Span, end_seconds: Fraction) -> Iterator[str]:
    for _, span in elements(file, segment, _INFO, _LENGTH):
        told = _real(file, span) * float(_tick(file, segment))
        if abs(told - end_seconds) > _APART:
            yield f"it says that it is {told:.3f} s long, and its last packet ends at {float(end_seconds):.3f} s"


def _sound_faults(file: BinaryIO, segment: Span, sounds: Mapping[int, Sound]) -> Iterator[str]:
    tracks = [span for _, span in elements(file, segment, _TRACKS, _TRACK)]
    for position, (rate, channels) in sounds.items():
        for _, sound in elements(file, tracks[position], _SOUND) if position < len(tracks) else ():
            rates = {_real(file, span) for name, span in elements(file, sound) if name in _RATES}
            told = _word(file, sound, _CHANNELS)
            if rates and rate not in rates:
                yield f"track {position} is said to have {max(rates):g} samples a second instead of {rate}"
            if told not in (None, channels):
                yield f"track {position} is said to have {told} channels instead of {channels}"


def _tick(file: BinaryIO, segment: Span) -> Fraction:
    ticks = [unsigned(file, span) for _, span in elements(file, segment, _INFO, _TICK)] or [_USUAL_TICK]
    return Fraction(ticks[0], _NANOSECONDS)


def _sum_is_right(file: BinaryIO, span: Span) -> bool:
    """True for a part without a check sum too; it stands first, and is of all that follows (RFC 8794, 11.3.1)."""
    file.seek(span[0])
    if file.read(2) != b"\xbf\x84":
        return True
    told = int.from_bytes(file.read(4), "little")
    left, found = span[1] - file.tell(), 0
    while left > 0 and (piece := file.read(min(left, 1 << 20))):
        found, left = zlib.crc32(piece, found), left - len(piece)
    return found == told


def _places(file: BinaryIO, segment: Span) -> dict[int, int]:
    """The parts of the segment by the places in the file where they begin, one behind the other."""
    places, at = {}, segment[0]
    for name, (_, end) in elements(file, segment):
        places[at] = name
        at = end
    return places


def _track_faults(file: BinaryIO, track: Span, info: VideoInfo) -> Iterator[str]:
    if _word(file, track, _ENABLED) == 0:
        yield "the video's track is not enabled"
    for _, pictures in elements(file, track, _PICTURES):
        words = {name: unsigned(file, inner) for name, inner in elements(file, pictures)}
        size = (words.get(_WIDTH), words.get(_HEIGHT))
        if size != (info.coded_width, info.coded_height):
            yield f"the video is said to be {size[0]}x{size[1]}"
        shown = (words.get(_SHOWN_WIDTH, size[0]), words.get(_SHOWN_HEIGHT, size[1]))
        in_px = words.get(_SHOWN_IN, 0) == 0
        if in_px and shown != size and shown[0] != size[0] and shown[1] != size[1]:
            yield f"the video is to be shown at {shown[0]}x{shown[1]}"
        order = FIELD_ORDERS.get(words.get(_FIELD_ORDER, _UNKNOWN), info.field_order)
        if order != info.field_order or words.get(_INTERLACED, 0) == (
            1 if info.field_order == "progressive" else 2
        ):
            yield "the header's order of fields is not that of the pictures"
        for _, colour in elements(file, pictures, _COLOUR):
            yield from _colour_faults(file, colour, info)


def _colour_faults(file: BinaryIO, colour: Span, info: VideoInfo) -> Iterator[str]:
    """A sentence where the header has other colours; those that it leaves out, the pictures say."""
    words = {name: unsigned(file, inner) for name, inner in elements(file, colour)}
    own = {
        _MATRIX: info.colour.matrix,
        _PRIMARIES: info.colour.primaries,
        _TRANSFER: info.colour.transfer,
    }
    said = {name: words[name] for name in own if words.get(name, _UNKNOWN) != _UNKNOWN}
    ranged = _RANGES.get(words.get(_RANGE, 0), bool(info.colour.full_range))
    if any(own[name] != value for name, value in said.items()) or ranged != bool(info.colour.full_range):
        yield "the header's colours are not those of the pictures"
    yield from _light_faults(file, colour, info)


def _light_faults(file: BinaryIO, colour: Span, info: VideoInfo) -> Iterator[str]:
    """A sentence where HDR's static metadata, as far as they are told, are others than in the pictures."""
    own = info.light or LightLevels()
    for _, display in elements(file, colour, _MASTERING):
        told = {name: Fraction(_real(file, inner)) for name, inner in elements(file, display)}
        if not told.keys() - {_CRC, _VOID}:
            continue
        points = [(told.get(x, Fraction(0)), told.get(y, Fraction(0))) for x, y in _POINTS]
        said = LightLevels(
            (points[0], points[1], points[2], points[3]) if any(map(any, points)) else None,
            (told.get(_LIGHT_MIN, Fraction(0)), told[_LIGHT_MAX]) if told.get(_LIGHT_MAX) else None,
        )
        if not said.same(replace(own, content=None)):
            yield f"the header says of the display {said}"
    words = [_word(file, colour, name) for name in (_MAX_CLL, _MAX_FALL)]
    if any(words) and (words[0] or 0, words[1] or 0) != (own.content or (0, 0)):
        yield f"the header says MaxCLL {words[0]}, MaxFALL {words[1]}"


def _cue_faults(
    file: BinaryIO, segment: Span, places: dict[int, int], number: int | None, info: VideoInfo
) -> Iterator[str]:
    tick = _tick(file, segment)
    keys = [round(int(pts) * info.time_base / tick) for pts in info.pts[info.keys]]
    marked = {key + apart for key in keys for apart in (-1, 0, 1)}  # times are rounded one by one
    found = 0
    for _, cue in elements(file, segment, _CUES, _CUE):
        time = _word(file, cue, _CUE_TIME) or 0
        for _, place in elements(file, cue, _CUE_TRACK):
            if _word(file, place, _CUE_NUMBER) != number:
                continue
            found += 1
            at = segment[0] + (_word(file, place, _CUE_CLUSTER) or 0)
            if places.get(at) != _CLUSTER or time not in marked:
                yield f"its table of keyframes has none at {float(time * tick):.3f} s"
    if not found:
        yield "it has no table of keyframes: players cannot jump in it"


def _mark_faults(
    file: BinaryIO, segment: Span, number: int | None, tick: Fraction, info: VideoInfo
) -> Iterator[str]:
    """A sentence where packets of the painted video are marked otherwise than they are.

    number : of its track. tick : of the file's times, in seconds.
    """
    keys = [round(int(pts) * info.time_base / tick) for pts in info.pts[info.keys]]
    left, wrong, invisible = dict.fromkeys(keys, False), 0, 0
    for time, flags in _marks(file, segment, number):
        invisible += bool(flags & _INVISIBLE)
        if flags & _KEYFRAME:
            near = next((key for key in (time, time - 1, time + 1) if key in left), None)
            if near is None:
                wrong += 1
            else:
                left[near] = True
    wrong += sum(not seen for seen in left.values())
    if wrong:
        yield f"{wrong} packets of the video are marked wrongly as keyframes, or not as such"
    if invisible:
        yield f"{invisible} packets of the video are marked as not to be shown"


def _marks(file: BinaryIO, segment: Span, number: int | None) -> Iterator[tuple[int, int]]:
    """Time and flags of each packet of a track."""
    for name, cluster in elements(file, segment):
        if name != _CLUSTER:
            continue
        begins = 0
        for inner, span in elements(file, cluster):
            if inner == _CLUSTER_TIME:
                begins = unsigned(file, span)
            elif inner == _SIMPLE:
                yield from _mark(file, span, number, begins)
            elif inner == _GROUP:
                parts = dict(elements(file, span))
                for time, flags in _mark(file, parts.get(_BLOCK, (0, 0)), number, begins):
                    yield time, flags & ~_KEYFRAME | (0 if _REFERENCE in parts else _KEYFRAME)


def _mark(file: BinaryIO, block: Span, wanted: int | None, begins: int) -> Iterator[tuple[int, int]]:
    file.seek(block[0])
    head = file.read(min(_HEAD, block[1] - block[0]))
    track, length = vint(head, keep_marker=False)
    if track == wanted and length and len(head) >= length + 3:
        yield begins + int.from_bytes(head[length : length + 2], "big", signed=True), head[length + 2]


def _word(file: BinaryIO, span: Span, name: int) -> int | None:
    return next((unsigned(file, inner) for _, inner in elements(file, span, name)), None)


def _real(file: BinaryIO, span: Span) -> float:
    """A number with a fraction, of 4 or 8 bytes; 0 of none."""
    file.seek(span[0])
    content = file.read(min(span[1] - span[0], 8))
    form = {4: ">f", 8: ">d"}.get(len(content))
    return float(struct.unpack(form, content)[0]) if form else 0.0


def _text(file: BinaryIO, span: Span) -> str:
    file.seek(span[0])
    return file.read(min(span[1] - span[0], 64)).rstrip(b"\0").decode("latin-1")
