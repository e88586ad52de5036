"""The boxes of an MP4 file's descriptions and user data, and the marks of its film, that FFmpeg passes over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from pipeline.video.headers.mp4_boxes import (
    PICTURES_HEAD,
    Span,
    after_times,
    boxes,
    descriptions,
    handler,
    numbers,
    track_number,
)

#: Boxes that may lie in the description of the painted video, and in one of sound: the decoder's header, shape, colours
#: and light, fields, rate. Others ask players for a key, another decoder, or another place of channels.
_OF_PICTURES = {
    "avcC", "hvcC", "av1C", "colr", "pasp", "clap", "fiel", "btrt", "mdcv", "clli", "st3d", "sv3d", "vexu", "free",
}  # fmt: skip
_OF_SOUND = {
    "esds", "wave", "btrt", "chnl", "dac3", "dec3", "dac4", "dOps", "dfLa", "alac", "pcmC", "damr", "ddts", "udts",
    "dmlp", "free",
}  # fmt: skip
_OF_QUICKTIME = {"chan"}

#: Bytes of a description of sound before the boxes in it, in QuickTime by its version.
_SOUND_HEADS = {0: 28, 1: 44, 2: 64}

#: Boxes of user data whose words FFmpeg reads, so that they are compared; besides those that begin with a (c).
_USER_DATA = {"meta", "chpl", "loci", "name", "kind", "cprt", "XMP_", "free"}

#: The marks of a film: preview, poster, selection and present time (QuickTime), which are zero (ISO 14496-12, 8.2.2).
_MARKS = 24


def word_faults(file: BinaryIO, whole: Span, track_id: int) -> Iterator[str]:
    """A sentence for each thing that players are asked for besides what is compared.

    Boxes of the descriptions of the painted video, whose track is `track_id`, and of sound; user data of the film and
    its tracks; where in the film to begin, and what of it to play.
    """
    for _, (begin, _) in boxes(file, whole, "moov", "mvhd"):
        if any(numbers(file, begin + after_times(file, begin, 72, 84), f">{_MARKS}B")):
            yield "it asks to be begun elsewhere, or to be played in part"
    yield from _user_data_faults(file, whole, "moov", "udta")
    quicktime = _is_quicktime(file, whole)
    for _, track in boxes(file, whole, "moov", "trak"):
        yield from _user_data_faults(file, track, "udta")
        number = next((track_number(file, begin) for _, (begin, _) in boxes(file, track, "tkhd")), 0)
        kind = handler(file, track)
        if kind != b"soun" and number != track_id:
            continue
        known = _OF_PICTURES if number == track_id else _OF_SOUND | (_OF_QUICKTIME if quicktime else set())
        for _, (entry, end) in descriptions(file, track):
            (version,) = numbers(file, entry + 8, ">H")
            of_sound = _SOUND_HEADS.get(version if quicktime else 0, end - entry)
            head = PICTURES_HEAD if number == track_id else of_sound
            odd = sorted({name for name, _ in boxes(file, (entry + head, end))} - known)
            if odd:
                yield f"the description of track {number} has more than players expect: {', '.join(odd)}"


def _user_data_faults(file: BinaryIO, around: Span, *path: str) -> Iterator[str]:
    for _, inside in boxes(file, around, *path):
        found = {name for name, _ in boxes(file, inside)}
        odd = sorted(name for name in found - _USER_DATA if not name.startswith("\xa9"))
        if odd:
            yield f"its user data have what is not compared: {', '.join(odd)}"


def _is_quicktime(file: BinaryIO, whole: Span) -> bool:
    brands = [numbers(file, begin, ">4s")[0] for _, (begin, _) in boxes(file, whole, "ftyp")]
    return brands == [b"qt  "]
