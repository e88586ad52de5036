"""The words of an MP4 file's header about the pictures of its video that FFmpeg passes over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from typing import BinaryIO

from pipeline.structures.light_levels import CHROMATICITY_UNIT, LUMINANCE_UNIT, LightLevels
from pipeline.structures.video_info import VideoInfo
from pipeline.video.headers.mp4_boxes import (
    PICTURES_HEAD,
    Span,
    after_times,
    boxes,
    descriptions,
    handler,
    numbers,
    table_rows,
)

#: 1 as a fixed-point number of four bytes, and the matrix that changes nothing.
ONE = 0x10000
PLAIN_MATRIX = (ONE, 0, 0, 0, ONE, 0, 0, 0, 0x40000000)

#: Numbers of field orders, in `fiel` and in Matroska, where the second of each is of interleaved rows. What QuickTime
#: says of those is the opposite; FFmpeg, which writes and reads most of them, means this.
FIELD_ORDERS = {
    0: "progressive", 1: "top field first", 9: "top field first", 6: "bottom field first", 14: "bottom field first",
}  # fmt: skip


#: Bits a pixel that an entry says of any opaque picture in colours (ISO 14496-12, 12.1.3).
_COLOURED = 24

_STBL = ("mdia", "minf", "stbl")

#: Pictures from the start among which the one that is shown first is looked for: no format moves one by more than 16.
_REORDERED = 17


def picture_faults(file: BinaryIO, track: Span, info: VideoInfo) -> Iterator[str]:
    """A sentence for each word by which a player would show the painted video in another way.

    Of its track the matrix, the layer and the size; of its entry the size and the colours; the start; the keyframes.
    """
    if handler(file, track) != b"vide":
        yield "the video's track is said to hold something else"
    yield from _place_faults(file, track, info)
    entries = [span for _, span in descriptions(file, track)]
    if len(entries) != 1:
        yield f"the video has {len(entries)} descriptions"
    for entry in entries:
        yield from _entry_faults(file, entry, info)
    yield from _start_faults(file, track)
    yield from _keyframe_faults(file, track, info)


def _place_faults(file: BinaryIO, track: Span, info: VideoInfo) -> Iterator[str]:
    """A sentence where the track's pictures are to be shown turned, in a layer, or in another size."""
    for _, (begin, _) in boxes(file, track, "tkhd"):
        at = begin + after_times(file, begin, 32, 44)
        layer, _, _, _, *matrix = numbers(file, at, ">4h9i")
        if tuple(matrix) != PLAIN_MATRIX:
            yield "the matrix of the video's track is not plain"
        if layer:
            yield "the video's track lies above or below others"
        wide, high = numbers(file, at + 44, ">II")
        if not _is_the_size(wide / ONE, high / ONE, info):
            yield f"the video's track is to be shown at {wide / ONE:g}x{high / ONE:g}"
    for _, inside in boxes(file, track, "tapt"):
        for _, (begin, _) in boxes(file, inside):
            wide, high = numbers(file, begin + 4, ">II")
            if not _is_the_size(wide / ONE, high / ONE, info):
                yield f"an aperture of the video's track is {wide / ONE:g}x{high / ONE:g}"


def _is_the_size(wide: float, high: float, info: VideoInfo) -> bool:
    """True for the size as stored, and for the one that wide pixels are shown at."""
    shown = info.coded_width * float(info.coded_sample_aspect or 1)
    return high == info.coded_height and (wide == info.coded_width or abs(wide - shown) < 1)


def _entry_faults(file: BinaryIO, entry: Span, info: VideoInfo) -> Iterator[str]:
    begin, end = entry
    (reference,) = numbers(file, begin + 6, ">H")
    wide, high, _, _, _, pictures, depth = numbers(file, begin + 24, ">HHIIIH32xH")
    if (wide, high) != (info.coded_width, info.coded_height):
        yield f"the video is said to be {wide}x{high}"
    if (reference, pictures) != (1, 1):
        yield "the video's packets are said to lie elsewhere, or to hold several pictures"
    if depth != _COLOURED:
        yield f"the video is said to have {depth} bits a pixel, which is no opaque picture in colours"
    colour = info.colour
    own = (colour.primaries, colour.transfer, colour.matrix)
    for _, (at, box_end) in boxes(file, (begin + PICTURES_HEAD, end), "colr"):
        file.seek(at)
        kind, said = file.read(4), numbers(file, at + 4, ">3H")
        if kind not in (b"nclx", b"nclc"):
            yield "the header's colours are those of a profile"
        flags = numbers(file, at + 10, ">B")[0] if box_end > at + 10 else 0
        ranged = (kind == b"nclx", bool(flags >> 7)) != (True, not colour.full_range)
        if kind in (b"nclx", b"nclc") and not (said == own and ranged):
            yield "the header's colours are not those of the pictures"
    for _, (at, _) in boxes(file, (begin + PICTURES_HEAD, end), "fiel"):
        fields, order = numbers(file, at, ">2B")
        if (fields, FIELD_ORDERS.get(order, "")) not in ((1, info.field_order), (2, info.field_order)):
            yield "the header's order of fields is not that of the pictures"
    yield from _light_faults(file, (begin + PICTURES_HEAD, end), info)


def _light_faults(file: BinaryIO, entry: Span, info: VideoInfo) -> Iterator[str]:
    """A sentence where HDR's static metadata are others than in the pictures (ISO 14496-12, 12.1.5 and 12.1.6)."""
    own = info.light or LightLevels()
    for _, (at, _) in boxes(file, entry, "mdcv"):
        green, blue, red, white = zip(*[iter(numbers(file, at, ">8H"))] * 2, strict=True)
        most, black = numbers(file, at + 16, ">2I")
        points = tuple((x * CHROMATICITY_UNIT, y * CHROMATICITY_UNIT) for x, y in (red, green, blue, white))
        said = LightLevels(
            (points[0], points[1], points[2], points[3]), (black * LUMINANCE_UNIT, most * LUMINANCE_UNIT)
        )
        if not said.same(replace(own, content=None)):
            yield f"the header says of the display {said}"
    for _, (at, _) in boxes(file, entry, "clli"):
        brightest, mean = numbers(file, at, ">2H")
        if (brightest, mean) != (own.content or (0, 0)):
            yield f"the header says MaxCLL {brightest}, MaxFALL {mean}"


def _start_faults(file: BinaryIO, track: Span) -> Iterator[str]:
    """A sentence where the edit list begins before the first picture: FFmpeg takes the gap away, others wait."""
    times = _shown_times(file, track)
    for _, span in boxes(file, track, "edts", "elst"):
        form = ">QqI" if after_times(file, span[0], 0, 1) else ">IiI"
        starts = (edit[1] for edit in table_rows(file, span, form))
        start = next((edit for edit in starts if edit >= 0), None)  # -1: nothing is shown for a while
        if start is None or not times:
            return
        late = min((time for time in times if time >= start), default=start) - start
        # An edit that cuts off pictures may begin between two of them.
        if late and start < min(times):
            yield f"its first picture comes {late} ticks after the track begins, which FFmpeg takes back"


def _keyframe_faults(file: BinaryIO, track: Span, info: VideoInfo) -> Iterator[str]:
    """A sentence where the table of keyframes is not that of the packets: FFmpeg looks into those of some formats.

    Without a table all are keyframes (ISO 14496-12, 8.6.2.1). Where an edit hides packets, their numbers are not known.
    """
    tables = [table_rows(file, span, ">I") for _, span in boxes(file, track, *_STBL, "stss")]
    counts = [numbers(file, begin + 8, ">I")[0] for _, (begin, _) in boxes(file, track, *_STBL, "stsz")]
    if counts != [info.frame_count]:
        return
    marked = {number for (number,) in tables[0]} if tables else set(range(1, info.frame_count + 1))
    if marked != set((info.decode_order[info.keys] + 1).tolist()):
        yield (
            "its table of keyframes is not that of the pictures" if tables else "it has no table of keyframes"
        )


def _shown_times(file: BinaryIO, track: Span) -> list[int]:
    """Times of the first pictures in the order of decoding, in ticks before any edit; none of fragments."""
    lengths = _runs(file, track, "stts", ">II")
    later = _runs(file, track, "ctts", ">Ii") or [0] * len(lengths)
    starts = accumulate(lengths, initial=0)
    return [start + offset for start, offset in zip(starts, later, strict=False)]


def _runs(file: BinaryIO, track: Span, name: str, form: str) -> list[int]:
    """The first values of a table of counts and values."""
    values: list[int] = []
    for _, span in boxes(file, track, *_STBL, name):
        for times, value in table_rows(file, span, form)[:_REORDERED]:
            values += [value] * min(times, _REORDERED)
    return values[:_REORDERED]
