"""Compare the facts of a source and an output, with a check for each property that they must share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipeline.proof.check import Check
from pipeline.proof.compare_tracks import compare_tracks, flags_of, same_kind
from pipeline.proof.same_times import Times, same_times
from pipeline.structures.timebase import rescale, to_pts
from pipeline.structures.video_info import Chapter, VideoInfo
from pipeline.video.colour.chroma_location import UNKNOWN_LOCATION
from pipeline.video.colour.tone_map import as_painted, is_hdr
from pipeline.video.read.facts import MediaFacts
from pipeline.video.write.encoders import frame_rate
from pipeline.video.write.tags import container_tags, stream_tags
from pipeline.video.write.timeline import output_timeline

#: The only tag of each format that every player of MP4 knows; the output is written with it.
_TAGS = {"h264": "avc1", "hevc": "hvc1", "av1": "av01"}

#: Tags that a muxer writes about itself, or that a reader makes up.
_OF_THE_MUXER = {"handler_name", "timecode"}


def compare(
    source: MediaFacts, output: MediaFacts, *, tone_map: bool = False, deinterlace: bool | None = False
) -> list[Check]:
    """All checks of an output against its source, the most important first.

    tone_map : HDR was to become SDR, so colours and bit depth must be those of SDR.
    deinterlace : interlaced frames were to become progressive; None if that is unknown.
    Times are compared in the coarser of the two time bases. The output of a broadcast recording may begin at zero, with
    all streams shifted alike.
    """
    shift = output_timeline(source.info).shift_seconds
    return [
        *_frames(source, output, shift),
        *compare_tracks(source, output, shift),
        _chapters(source.info, output.info, shift),
        _metadata(source, output),
        *_container(source, output),
        _size(source.info, output),
        *_fields(source.info, output.info, deinterlace),
        *_side_data(source.info, output.info),
        *_pixel_meaning(source.info, output.info, tone_map),
        *_flags(source, output),
    ]


def _frames(source: MediaFacts, output: MediaFacts, shift: Fraction) -> Iterator[Check]:
    wanted, note = _wanted(source, output)
    before, after = Times(wanted, source.info.time_base), Times(output.pts, output.info.time_base)
    as_many = len(wanted) == len(output.pts)
    yield Check("frames", as_many, str(len(wanted)), str(len(output.pts)), note, vital=True)
    verdict = same_times(before.earlier(shift), after)
    yield Check("frame times", verdict.same, before.words(), after.words(), verdict.note, vital=True)
    if len(wanted) == source.info.frame_count:
        yield _duration(source.info, output.info)
    if output.decoded is not None:
        yield Check("frames decode", _is_whole(output), _decodable(source), _decodable(output))
        yield _keyframes(output)
        yield from _told_by_pictures(source.info, output)


def _wanted(source: MediaFacts, output: MediaFacts) -> tuple[NDArray[np.int64], str]:
    """Times of the source's frames that the output must show, and a note on missing ones.

    All frames; for a damaged source only those that decode, if the output leaves out the others.
    """
    decoded = source.pts if source.decoded is None else source.decoded.pts
    missing = len(source.pts) - len(decoded)
    if missing <= 0:
        return decoded, ""
    if len(output.pts) == len(decoded):
        return decoded, f"{missing} more frames of the source do not decode and are left out"
    return source.pts, f"{missing} frames of the source do not decode and show their neighbour"


def _is_whole(facts: MediaFacts) -> bool:
    decoded = facts.decoded
    assert decoded is not None
    return len(decoded.pts) == len(facts.pts) and not len(decoded.flawed) and not decoded.complaints


def _decodable(facts: MediaFacts) -> str:
    if facts.decoded is None:
        return "-"
    good = len(facts.decoded.pts) - len(facts.decoded.flawed)
    return f"{good} of {len(facts.pts)} without damage"


def _keyframes(output: MediaFacts) -> Check:
    """Check that the container marks exactly those frames as keyframes that decode without earlier ones.

    Players start at these marks, and FFmpeg takes every frame for one if an MP4 has no table of them.
    """
    info, decoded = output.info, output.decoded
    assert decoded is not None
    marked, real = set(info.pts[info.keys].tolist()), set(decoded.keys.tolist())
    note = "" if marked == real else f"{len(marked ^ real)} are marked wrongly"
    return Check("keyframes", not note, f"{len(real)} decode alone", f"{len(marked)} marked", note)


def _told_by_pictures(source: VideoInfo, output: MediaFacts) -> Iterator[Check]:
    """Check that the coded pictures declare the same properties throughout, and the film's clock.

    Encoders are given the film's time base or, if they need an even rate, its mean frame rate.
    """
    info, decoded = output.info, output.decoded
    assert decoded is not None
    if len(decoded.changes):
        when = ", ".join(f"{float(ticks * info.time_base):.3f} s" for ticks in decoded.changes[:3])
        note = "size, colours, aspect or clock change there"
        yield Check("one kind of pictures", False, "from beginning to end", f"changes at {when}", note)
    if decoded.frame_rate is not None:
        ticks = (output_timeline(source).time_base, info.time_base)
        rates = {frame_rate(source), *(1 / tick for tick in ticks)}
        same = decoded.frame_rate in rates
        found, wanted = (f"{float(rate):g} Hz" for rate in (decoded.frame_rate, frame_rate(source)))
        yield Check("clock in the pictures", same, wanted, found)


def _duration(source: VideoInfo, output: VideoInfo) -> Check:
    """Check the duration from the first frame's start to the last one's end, to within a frame.

    MP4 stores durations in decoding order, so with B-frames at the end that of the last frame shown is unknown.
    """
    apart = abs(source.duration_seconds - output.duration_seconds)
    frame = int(np.median(np.diff(source.pts))) * source.time_base if source.frame_count > 1 else Fraction(1)
    before, after = (f"{float(info.duration_seconds):.3f} s" for info in (source, output))
    return Check("duration", apart <= max(frame, source.time_base, output.time_base), before, after)


def _chapters(source: VideoInfo, output: VideoInfo, shift: Fraction) -> Check:
    before, after = source.chapters, output.chapters
    same = len(before) == len(after) and all(
        _same_chapter(before, after, number, shift) for number in range(len(before))
    )
    note = "" if same else "times or titles differ"
    return Check("chapters", same, str(len(before)), str(len(after)), note)


def _same_chapter(before: Sequence[Chapter], after: Sequence[Chapter], number: int, shift: Fraction) -> bool:
    """Compare title, start and end; in MP4 a chapter ends where the next one starts, if there is one."""
    one, other = before[number], after[number]
    tick = max(one.time_base, other.time_base)

    def in_ticks(chapter: Chapter, ticks: int, earlier: Fraction) -> int:
        return rescale(ticks - to_pts(earlier, chapter.time_base), chapter.time_base, tick)

    nothing = Fraction(0)
    follows = number + 1 < len(after) and other.end == after[number + 1].start
    return (
        one.metadata.get("title") == other.metadata.get("title")
        and in_ticks(one, one.start, shift) == in_ticks(other, other.start, nothing)
        and (follows or abs(in_ticks(one, one.end, shift) - in_ticks(other, other.end, nothing)) <= 1)
    )


def _metadata(source: MediaFacts, output: MediaFacts) -> Check:
    """Check the recording's own tags, without those that describe how the old file was made."""
    wanted, there = (_all_tags(facts.info) for facts in (source, output))
    faults = [key for key, value in wanted.items() if there.get(key) != value]
    note = f"missing or different: {', '.join(faults)}" if faults else ""
    added = sorted(key for key in there.keys() - wanted.keys() if key.split()[-1] not in _OF_THE_MUXER)
    if added:
        note = f"{note}; added: {', '.join(added)}".removeprefix("; ")
    kept = f"{len(wanted) - len(faults)} of them"
    return Check("metadata", not note, f"{len(wanted)} entries", kept, note)


def _all_tags(info: VideoInfo) -> dict[str, str]:
    return _lower(container_tags(info), "") | _lower(stream_tags(info.stream.metadata), "video ")


def _container(source: MediaFacts, output: MediaFacts) -> Iterator[Check]:
    """Check that the container is intact, and that the painted video has the codec tag that players know."""
    damage = "; ".join((*output.info.damage, *output.header))
    yield Check("container", not damage, "whole", damage or "whole")
    wanted = _TAGS.get(output.info.stream.codec)
    if wanted is not None and "mp4" in output.info.container:
        same = output.tag == wanted or (output.info.stream.codec, output.tag) == (
            source.info.stream.codec,
            source.tag,
        )
        yield Check("codec tag", same, source.tag, output.tag, "" if same else f"players expect {wanted}")


def _lower(tags: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The tags with lower-case keys, since Matroska writes upper case, and without an undetermined language."""
    return {prefix + key.lower(): value for key, value in tags.items() if (key, value) != ("language", "und")}


def _flags(source: MediaFacts, output: MediaFacts) -> Iterator[Check]:
    """Check the flags of the painted video, such as `default`, between containers that store the same ones."""
    if same_kind(source, output):
        sides = (flags_of(facts.info.stream) for facts in (source, output))
        before, after = ("+".join(sorted(flags)) or "none" for flags in sides)
        yield Check("flags", before == after, before, after)


def _size(source: VideoInfo, output: MediaFacts) -> Check:
    info = output.info
    before, after = _size_words(source), _size_words(info)
    notes = [] if info.rotation == 0 and not info.mirrored else ["the output asks players to rotate it again"]
    decoded = None if output.decoded is None else output.decoded.sample_aspect
    if decoded is not None and decoded != (info.sample_aspect or 1):
        notes.append(f"its pictures declare pixels of {decoded.numerator}:{decoded.denominator}")
    return Check("upright size", before == after and not notes, before, after, "; ".join(notes), vital=True)


def _fields(source: VideoInfo, output: VideoInfo, deinterlace: bool | None) -> Iterator[Check]:
    """Check which field of an interlaced frame comes first."""
    wanted, found = "progressive" if deinterlace else source.field_order, output.field_order
    if deinterlace is None and wanted != found == "progressive":
        yield Check("field order", None, wanted, found, "it is unknown whether it should be deinterlaced")
    elif wanted != "progressive" or found != "progressive":
        yield Check("field order", wanted == found, wanted, found)


def _side_data(source: VideoInfo, output: VideoInfo) -> Iterator[Check]:
    """Check side data of the pictures: captions, projection and layout."""
    before, after = (", ".join(info.side_data) or "none" for info in (source, output))
    if before != after:
        yield Check("side data", False, before, after)


def _size_words(info: VideoInfo) -> str:
    aspect = info.sample_aspect
    size = f"{info.width}x{info.height}"
    return (
        size if aspect is None or aspect == 1 else f"{size}, pixels {aspect.numerator}:{aspect.denominator}"
    )


def _pixel_meaning(source: VideoInfo, output: VideoInfo, tone_map: bool) -> Iterator[Check]:
    """Check what pixel values mean: the same as in the source, or SDR if the source was to be tone-mapped.

    More than 10 bits become 10. HDR's static metadata is compared if one of the two has some.
    """
    wanted = as_painted(source, tone_map=tone_map)
    note = "tone-mapped, as requested" if tone_map and is_hdr(source) else ""
    before, after = _colour_words(source), _colour_words(output)
    yield Check("colour tags", _colour_words(wanted) == after, before, after, note)
    enough = output.bit_depth >= min(wanted.bit_depth, 10)
    yield Check("bits per sample", enough, str(source.bit_depth), str(output.bit_depth), note)
    place = wanted.chroma_location
    if place != UNKNOWN_LOCATION and output.chroma_location != UNKNOWN_LOCATION:
        yield Check("chroma location", output.chroma_location == place, place, output.chroma_location, note)
    if source.light is not None or output.light is not None:
        light, there = str(source.light or "none"), str(output.light or "none")
        yield Check("light metadata", _same_light(wanted, output), light, there, note)


def _same_light(wanted: VideoInfo, output: VideoInfo) -> bool:
    if wanted.light is None or output.light is None:
        return wanted.light is output.light
    return wanted.light.same(output.light)


def _colour_words(info: VideoInfo) -> str:
    """Matrix, primaries and transfer by their numbers in H.273, where 2 means unspecified."""
    colour = info.colour
    return (
        f"{colour.matrix}/{colour.primaries}/{colour.transfer} {'full' if colour.full_range else 'limited'}"
    )
