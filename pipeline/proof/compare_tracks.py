"""Check each stream that is copied from a source to an output."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction

import numpy as np

from pipeline.proof.check import Check
from pipeline.proof.same_times import Times, TimesVerdict, same_times
from pipeline.structures.video_info import StreamInfo
from pipeline.video.read.facts import MediaFacts, TrackFacts
from pipeline.video.write.tags import stream_tags

#: The kinds of copied streams in plain words.
_KINDS = {"audio": "sound", "subtitle": "subtitles", "video": "second video"}

#: Parameters that each container stores in its own way, compared only between files of one kind.
_OF_THE_CONTAINER = {"tag", "header"}

#: MP4 has one name for both; each packet says which it is.
_MPEG_SOUND = {"mp2": "mp3"}


def compare_tracks(source: MediaFacts, output: MediaFacts, shift: Fraction) -> Iterator[Check]:
    """Check each track of the source against its counterpart in the output, and the order of tracks.

    shift : seconds by which all times are earlier in the output.
    """
    left = list(output.tracks)
    places = [(source.info.video, output.info.video)]
    alike = same_kind(source, output)
    own_words = (
        _OF_THE_CONTAINER
        if not alike
        else set()
        if _is_quicktime(source) == _is_quicktime(output)
        else {"tag"}
    )
    for number, track in enumerate(source.tracks, start=1):
        match = next((other for other in left if _kind(other) == _kind(track)), None)
        if match is not None:
            left.remove(match)
            places.append((track.stream.index, match.stream.index))
        yield _track(f"track {number}: {_name(track)}", track, match, shift, alike, own_words)
    for other in left:
        yield Check(f"track: {_name(other)}", False, "none", _content(other), "not in the source")
    order = [place for _, place in sorted(places)]
    if order != sorted(order):
        yield Check("order of tracks", False, "-", ", ".join(map(str, order)), "differs from the source")


def same_kind(source: MediaFacts, output: MediaFacts) -> bool:
    """True if both are MP4 or QuickTime, or both Matroska: then nothing is lost between them."""
    return any(
        family in source.info.container and family in output.info.container for family in ("mp4", "matroska")
    )


def _is_quicktime(facts: MediaFacts) -> bool:
    """True for QuickTime, whose codec tags for PCM, MP3, DTS and others differ from those of MP4."""
    return facts.info.metadata.get("major_brand", "qt").strip() == "qt"  # the oldest files have no brand


def flags_of(stream: StreamInfo) -> frozenset[str]:
    """The flags of a stream: default, forced and so on."""
    return frozenset(stream.disposition)


def tag_faults(before: StreamInfo, after: StreamInfo, *, alike: bool) -> list[str]:
    """Tags that are missing, changed or added, in words.

    alike : the files are of one kind. Otherwise only title and language are compared, because the new container may
    have no place for other tags.
    """
    wanted, there = (
        {key.lower(): value for key, value in stream_tags(stream.metadata).items()}
        for stream in (before, after)
    )
    for tags in (wanted, there):
        if tags.get("language") == "und":
            del tags["language"]
    keys = wanted.keys() | there.keys() if alike else {"title", "language"}
    # QuickTime has one time code, in a track of its own, which FFmpeg reports with each track.
    differing = sorted(key for key in keys - {"timecode"} if wanted.get(key) != there.get(key))
    if "language" in differing:
        differing = [key for key in differing if key != "language"]
        return ["another language", *([f"other tags: {', '.join(differing)}"] if differing else [])]
    return [f"other tags: {', '.join(differing)}"] if differing else []


def _kind(track: TrackFacts) -> str:
    return "picture" if track.stream.is_picture else _KINDS.get(track.stream.kind, track.stream.kind)


def _name(track: TrackFacts) -> str:
    language = "" if track.stream.language in (None, "und") else str(track.stream.language)
    return " ".join(word for word in (_kind(track), track.stream.codec, language) if word)


def _content(track: TrackFacts) -> str:
    return f"{len(track.pts)} packets, {track.sha256[:12]}"


def _track(
    name: str,
    track: TrackFacts,
    match: TrackFacts | None,
    shift: Fraction,
    alike: bool,
    own_words: Collection[str],
) -> Check:
    vital = track.stream.kind in ("audio", "subtitle")
    if match is None and not track.pts.size and track.stream.kind != "attachment":
        return Check(name, True, "0 packets", "none", "it was empty")
    if match is None:
        return Check(name, False, _content(track), "none", "", vital)
    verdict, recut = _compared_times(track, match, shift)
    same = track.sha256 == match.sha256
    faults = [] if same else ["other content"]
    faults += [] if verdict.same else [verdict.note]
    vital = vital and bool(faults)
    faults += [] if not verdict.same or _same_ends(track, match, shift) else ["other end times"]
    faults += tag_faults(track.stream, match.stream, alike=alike)
    faults += _parameter_faults(track, match, own_words)
    if alike and not recut and track.hidden != match.hidden:
        faults.append(f"{match.hidden} packets at its start are hidden instead of {track.hidden}")
    if alike and flags_of(track.stream) != flags_of(match.stream):
        faults.append(f"flags {_words(match)} instead of {_words(track)}")
    notes = [verdict.note] if verdict.same and verdict.note else []
    return Check(name, not faults, _content(track), _content(match), "; ".join(faults + notes), vital)


def _compared_times(track: TrackFacts, match: TrackFacts, shift: Fraction) -> tuple[TimesVerdict, bool]:
    """The verdict on the times, and whether PCM was merely cut into other packets."""
    wanted, found = track.stream.time_base, match.stream.time_base
    verdict = same_times(Times(track.pts, wanted).earlier(shift), Times(match.pts, found))
    if verdict.same or track.gapless is None or match.gapless is None:
        return verdict, False
    verdict = same_times(Times(track.gapless, wanted).earlier(shift), Times(match.gapless, found))
    if not verdict.same:
        return TimesVerdict(False, f"apart from gaps: {verdict.note}"), False
    return TimesVerdict(True, "in packets of other lengths, with the same gaps"), True


def _same_ends(track: TrackFacts, match: TrackFacts, shift: Fraction) -> bool:
    """True if each subtitle ends at the same time, or one of the files does not say when."""
    if track.stream.kind != "subtitle" or not (track.durations.all() and match.durations.all()):
        return True
    ends = Times(track.pts + track.durations, track.stream.time_base).earlier(shift)
    found = Times(match.pts + match.durations, match.stream.time_base)
    tick = max(ends.time_base, found.time_base)
    # The sum of a rounded start and a rounded duration may be a tick away from the rounded end.
    apart = np.abs(np.array(sorted(ends.in_ticks(tick))) - np.array(sorted(found.in_ticks(tick))))
    return bool((apart <= (0 if ends.time_base == found.time_base else 1)).all())


def _parameter_faults(track: TrackFacts, match: TrackFacts, own_words: Collection[str]) -> list[str]:
    """Differing parameters, in words. own_words : names of those that each container stores in its own way."""
    wanted, found = track.parameters, match.parameters
    names = wanted.keys() - set(own_words)
    faults = [
        f"{name} {found.get(name) or 'none'} instead of {wanted[name]}"
        for name in sorted(names)
        if wanted[name] and found.get(name) != wanted[name] and (name, found.get(name)) != ("layout", "")
    ]
    if _MPEG_SOUND.get(track.stream.codec, track.stream.codec) != _MPEG_SOUND.get(
        match.stream.codec, match.stream.codec
    ):
        faults.insert(0, f"{match.stream.codec} instead of {track.stream.codec}")
    return faults


def _words(track: TrackFacts) -> str:
    return "+".join(sorted(track.stream.disposition)) or "none"
