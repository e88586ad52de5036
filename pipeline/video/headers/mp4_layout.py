"""The outermost boxes of an MP4 or MOV file: which there have to be, and that nothing else lies in the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath
from typing import BinaryIO

from pipeline.structures.video_info import Chapter
from pipeline.video.headers.mp4_boxes import Span, boxes, handler, numbers, table_rows

#: Boxes that may lie outermost (ISO 14496-12, table 1, and QuickTime's `wide` and `pnot`).
_OUTERMOST = {
    "ftyp", "moov", "mdat", "free", "skip", "wide", "meta", "udta", "pdin", "pnot", "moof", "mfra", "sidx",
    "ssix", "styp", "prft", "emsg",
}  # fmt: skip

#: Boxes that may lie in those of the header, by the box around them; which of them may lie there more than once.
_IN_HEADER = {
    "moov": {"mvhd", "iods", "trak", "mvex", "udta", "meta", "free"},
    "trak": {"tkhd", "edts", "tref", "mdia", "udta", "meta", "tapt", "free"},
    "edts": {"elst"},
    "mdia": {"mdhd", "hdlr", "minf", "free"},
    "minf": {"vmhd", "smhd", "nmhd", "gmhd", "sthd", "hmhd", "hdlr", "dinf", "stbl"},
    "stbl": {"stsd", "stts", "ctts", "cslg", "stss", "stps", "sdtp", "stsc", "stsz", "stco", "co64", "sgpd", "sbgp"},
}  # fmt: skip
_SEVERAL = {"trak", "free", "sgpd", "sbgp"}

#: Brands of films (ISO 14496-12, annex E, and mp4ra.org): others are of sound alone, of pictures, or nobody's.
_BRANDS = {
    *(
        "isom",
        "avc1",
        "mp41",
        "mp42",
        "mp71",
        "M4V ",
        "M4VH",
        "M4VP",
        "MSNV",
        "dash",
        "cmfc",
        "cmf2",
        "f4v ",
        "XAVC",
    ),
    *(f"iso{number}" for number in "23456789abc"),
    *(f"3g{letter}{number}" for letter in "pg2" for number in "23456789abc"),
}
_QUICKTIME = "qt  "

#: `chpl` has an 8 byte head, then of each chapter a start of 8 bytes in ticks of 100 ns, and a title after its length.
_CHAPTERS_HEAD, _CHAPTER_TICKS = 9, 10_000_000
#: It counts chapters, and the bytes of a title, in a byte: what is beyond is in the track alone.
_MOST_LISTED = 255


def layout_faults(
    file: BinaryIO, whole: Span, path: PurePath, chapters: tuple[Chapter, ...]
) -> Iterator[str]:
    """A sentence for each way in which the file is put together otherwise than players expect.

    chapters : those that FFmpeg reads, of a list or of a track; where there are both, players choose.
    """
    found = list(boxes(file, whole))
    names = [name for name, _ in found]
    end = max((end for _, (_, end) in found), default=0)
    odd = sorted({name for name in names if name not in _OUTERMOST})
    if odd or end != whole[1]:
        yield f"{', '.join(odd) or f'{whole[1] - end} bytes'} in the file that belong to no box of a film"
    if names.count("moov") != 1:
        yield f"it has {names.count('moov')} headers"
    yield from _header_faults(file, whole, "moov")
    yield from _brand_faults(file, found, path.suffix.lower())
    if "moof" not in names and "moov" in names:
        yield from _media_faults(file, whole, found)
    yield from _chapter_faults(file, whole, chapters)


def _header_faults(file: BinaryIO, around: Span, name: str) -> Iterator[str]:
    """A sentence for boxes of the header that are unknown, or there twice: players take the first, or the last."""
    for _, inside in boxes(file, around, name):
        names = Counter(inner for inner, _ in boxes(file, inside))
        odd = {inner for inner in names if inner not in _IN_HEADER[name]}
        odd |= {inner for inner, count in names.items() if count > 1 and inner not in _SEVERAL}
        if odd:
            yield f"its box {name} has more than players expect: {', '.join(sorted(odd))}"
        for inner in _IN_HEADER.keys() & names.keys():
            yield from _header_faults(file, inside, inner)


def _brand_faults(file: BinaryIO, found: list[tuple[str, Span]], suffix: str) -> Iterator[str]:
    """The oldest files of QuickTime have no brand."""
    spans = [span for name, span in found if name == "ftyp"]
    if len(spans) != 1 or found[0][0] != "ftyp":
        if suffix != ".mov" or spans:
            yield "it does not begin with its brand"
        return
    ((begin, end),) = spans
    file.seek(begin)
    content = file.read(min(end - begin, 256)).decode("latin-1")
    brands = [content[:4], *(content[at : at + 4] for at in range(8, len(content), 4))]
    known = {".mov": {_QUICKTIME}, ".mp4": _BRANDS, ".m4v": _BRANDS}.get(suffix, {_QUICKTIME, *_BRANDS})
    if brands[0] not in known:
        yield f"its brand is {brands[0]!r}, which is none of {suffix or 'such'} files"
    elif len(brands) > 1 and not known.intersection(brands[1:]):
        yield f"its compatible brands are {', '.join(map(repr, brands[1:]))}"


def _media_faults(file: BinaryIO, whole: Span, found: list[tuple[str, Span]]) -> Iterator[str]:
    """A sentence where there are more media than the tracks have packets, or less."""
    there = sum(end - begin for name, (begin, end) in found if name == "mdat")
    told = 0
    for _, (begin, end) in boxes(file, whole, "moov", "trak", "mdia", "minf", "stbl", "stsz"):
        size, count = numbers(file, begin + 4, ">II")
        told += size * count or sum(length for (length,) in table_rows(file, (begin, end), ">I", 12))
    if told != there:
        yield f"the tracks have {told} bytes of media, and the file {there}"


def _chapter_faults(file: BinaryIO, whole: Span, chapters: tuple[Chapter, ...]) -> Iterator[str]:
    tracks = [span for _, span in boxes(file, whole, "moov", "trak")]
    texts = [track for track in tracks if handler(file, track) == b"text"]
    named = [track for track in tracks if any(boxes(file, track, "tref", "chap"))]
    if chapters and texts and not named:
        yield "no track says which one has its chapters"
    for _, (begin, _) in boxes(file, whole, "moov", "udta", "chpl"):
        (count,) = numbers(file, begin + _CHAPTERS_HEAD - 1, ">B")
        at, listed = begin + _CHAPTERS_HEAD, []
        for _ in range(count):
            start, length = numbers(file, at, ">QB")
            listed.append((start, file.read(length)))
            at += 9 + length
        told = [
            (
                round(chapter.start * chapter.time_base * _CHAPTER_TICKS),
                chapter.metadata.get("title", "").encode("utf-8", "surrogateescape")[:_MOST_LISTED],
            )
            for chapter in chapters[:_MOST_LISTED]
        ]
        if len(listed) != len(told) or any(
            abs(one[0] - other[0]) > _CHAPTER_TICKS // 1000 or one[1] != other[1]
            for one, other in zip(listed, told, strict=True)
        ):
            yield "its list of chapters is not that of its track of chapters"
