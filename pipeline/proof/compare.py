"""The facts of a source and of an output -> whether the output is the same video, a check for each promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipeline.proof.same_times import Times, same_times
from pipeline.structures.timebase import rescale, to_pts
from pipeline.structures.video_info import Chapter, VideoInfo
from pipeline.video.colour.tone_map import is_hdr, shown
from pipeline.video.read.facts import MediaFacts, TrackFacts
from pipeline.video.write.tags import container_tags, stream_tags
from pipeline.video.write.timeline import output_timeline

#: What a person calls the kinds of streams that are copied.
_KINDS = {"audio": "sound", "subtitle": "subtitles", "video": "second video"}


@dataclass(frozen=True)
class Check:
    """One thing that is to be the same in both.

    name : what it is. holds : whether it is; None where it could not be checked, and `note` says why. source,
    output : what was found. note : what else there is to say. vital : an output in which it does not hold is not
    published.
    """

    name: str
    holds: bool | None
    source: str
    output: str
    note: str = ""
    vital: bool = False


def compare(source: MediaFacts, output: MediaFacts, *, tone_map: bool = False) -> list[Check]:
    """All checks of an output against its source, in the order in which people care.

    tone_map : HDR was to become SDR; colours and bits are then to be those of SDR.
    Times are compared in the coarser ticks of the two. A recording of a broadcast format may begin at zero,
    all its streams moved alike.
    """
    shift = output_timeline(source.info).shift_seconds
    return [
        *_frames(source, output, shift),
        *_tracks(source, output, shift),
        _chapters(source.info, output.info, shift),
        _metadata(source.info, output.info),
        _size(source.info, output.info),
        *_pixel_meaning(source.info, output.info, tone_map),
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


def _wanted(source: MediaFacts, output: MediaFacts) -> tuple[NDArray[np.int64], str]:
    """Times of the source's frames that the output is to show, and what is to be said of them.

    All of them; of a damaged source those alone that decode, where the output leaves out the others.
    """
    decoded = source.pts if source.decoded is None else source.decoded.pts
    missing = len(source.pts) - len(decoded)
    if missing <= 0:
        return decoded, ""
    if len(output.pts) == len(decoded):
        return decoded, f"{missing} more of the source do not decode, and are left out"
    return source.pts, f"{missing} of the source do not decode, and show their neighbour"


def _is_whole(facts: MediaFacts) -> bool:
    decoded = facts.decoded
    assert decoded is not None
    return len(decoded.pts) == len(facts.pts) and not len(decoded.flawed) and not decoded.complaints


def _decodable(facts: MediaFacts) -> str:
    if facts.decoded is None:
        return "-"
    good = len(facts.decoded.pts) - len(facts.decoded.flawed)
    return f"{good} of {len(facts.pts)} without a flaw"


def _duration(source: VideoInfo, output: VideoInfo) -> Check:
    """From the first frame's start to the last one's end, to within a frame.

    MP4 stores how long a packet is decoded, not how long its frame is shown: with B-frames at the end nobody
    knows how long the last one is.
    """
    apart = abs(source.duration_seconds - output.duration_seconds)
    frame = int(np.median(np.diff(source.pts))) * source.time_base if source.frame_count > 1 else Fraction(1)
    before, after = (f"{float(info.duration_seconds):.3f} s" for info in (source, output))
    return Check("duration", apart <= max(frame, source.time_base, output.time_base), before, after)


def _tracks(source: MediaFacts, output: MediaFacts, shift: Fraction) -> Iterator[Check]:
    """Each track of the source against the track of the output that stands in its place."""
    left = list(output.tracks)
    for number, track in enumerate(source.tracks, start=1):
        match = next((other for other in left if _kind(other) == _kind(track)), None)
        if match is not None:
            left.remove(match)
        yield _track(f"track {number}: {_name(track)}", track, match, shift)
    for other in left:
        yield Check(f"track: {_name(other)}", False, "none", _content(other), "the source has no such track")


def _kind(track: TrackFacts) -> str:
    return "picture" if track.stream.is_picture else _KINDS.get(track.stream.kind, track.stream.kind)


def _name(track: TrackFacts) -> str:
    words = (_kind(track), track.stream.codec, _language(track))
    return " ".join(word for word in words if word)


def _language(track: TrackFacts) -> str:
    return "" if track.stream.language in (None, "und") else str(track.stream.language)


def _content(track: TrackFacts) -> str:
    return f"{len(track.pts)} packets, {track.sha256[:12]}"


def _track(name: str, track: TrackFacts, match: TrackFacts | None, shift: Fraction) -> Check:
    vital = track.stream.kind in ("audio", "subtitle")
    if match is None and not track.pts.size:
        return Check(name, True, "0 packets", "none", "there was nothing in it")
    if match is None:
        return Check(name, False, _content(track), "none", "", vital)
    verdict = same_times(
        Times(track.pts, track.stream.time_base).earlier(shift), Times(match.pts, match.stream.time_base)
    )
    # A second video may be packed in another way: MP4 gives lengths where MPEG-TS marks starts.
    repacked = track.stream.kind == "video" and len(track.pts) == len(match.pts)
    same = track.sha256 == match.sha256 or repacked
    faults = [] if same else ["other content"]
    faults += [] if _language(track) == _language(match) else ["another language"]
    faults += [] if verdict.same else [verdict.note]
    notes = [verdict.note] if verdict.same and verdict.note else []
    return Check(name, not faults, _content(track), _content(match), "; ".join(faults + notes), vital)


def _chapters(source: VideoInfo, output: VideoInfo, shift: Fraction) -> Check:
    before, after = source.chapters, output.chapters
    same = len(before) == len(after) and all(
        _same_chapter(one, other, shift) for one, other in zip(before, after, strict=True)
    )
    note = "" if same else "other times or titles"
    return Check("chapters", same, str(len(before)), str(len(after)), note)


def _same_chapter(one: Chapter, other: Chapter, shift: Fraction) -> bool:
    tick = max(one.time_base, other.time_base)
    start = rescale(one.start - to_pts(shift, one.time_base), one.time_base, tick)
    same_title = one.metadata.get("title") == other.metadata.get("title")
    return same_title and start == rescale(other.start, other.time_base, tick)


def _metadata(source: VideoInfo, output: VideoInfo) -> Check:
    """What the recording says of itself; what describes the making of the old file is not asked for."""
    wanted = _lower(container_tags(source), "") | _lower(stream_tags(source.stream.metadata), "video ")
    there = _lower(output.metadata, "") | _lower(output.stream.metadata, "video ")
    missing = [key for key, value in wanted.items() if there.get(key) != value]
    note = f"missing, or another: {', '.join(missing)}" if missing else ""
    kept = f"{len(wanted) - len(missing)} of them"
    return Check("metadata", not missing, f"{len(wanted)} entries", kept, note)


def _lower(tags: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Matroska writes keys large, and no language that nobody knows."""
    return {prefix + key.lower(): value for key, value in tags.items() if (key, value) != ("language", "und")}


def _size(source: VideoInfo, output: VideoInfo) -> Check:
    before, after = _size_words(source), _size_words(output)
    upright = output.rotation == 0 and not output.mirrored
    note = "" if upright else "the output asks to be turned again"
    return Check("upright size", before == after and upright, before, after, note, vital=True)


def _size_words(info: VideoInfo) -> str:
    aspect = info.sample_aspect
    size = f"{info.width}x{info.height}"
    return (
        size if aspect is None or aspect == 1 else f"{size}, pixels {aspect.numerator}:{aspect.denominator}"
    )


def _pixel_meaning(source: VideoInfo, output: VideoInfo, tone_map: bool) -> Iterator[Check]:
    """What the numbers of a pixel mean: those of the source, or where it was to be tone-mapped, of SDR.

    What has more than 10 bit comes out with 10. HDR's static metadata is asked for where the source has some.
    """
    wanted = shown(source, tone_map=tone_map)
    note = "tone-mapped, as asked" if tone_map and is_hdr(source) else ""
    before, after = _colour_words(source), _colour_words(output)
    yield Check("colour tags", _colour_words(wanted) == after, before, after, note)
    enough = output.bit_depth >= min(wanted.bit_depth, 10)
    yield Check("bits a sample", enough, str(source.bit_depth), str(output.bit_depth), note)
    if source.light is not None:
        light, there = str(source.light), str(output.light or "none")
        yield Check("light metadata", _same_light(wanted, output), light, there, note)


def _same_light(wanted: VideoInfo, output: VideoInfo) -> bool:
    if wanted.light is None or output.light is None:
        return wanted.light is output.light
    return wanted.light.same(output.light)


def _colour_words(info: VideoInfo) -> str:
    """Matrix, primaries and transfer as H.273 numbers them; 2 says nothing."""
    colour = info.colour
    return (
        f"{colour.matrix}/{colour.primaries}/{colour.transfer} {'full' if colour.full_range else 'limited'}"
    )
