"""Muxes the output from its parts and the source: the painted video, and everything else of the source untouched."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from pipeline.files import MayReplace, anything
from pipeline.structures.timebase import to_pts
from pipeline.structures.video_info import StreamInfo, VideoInfo
from pipeline.video.cut.stream_cut import StreamCut
from pipeline.video.read.packets import first_packets
from pipeline.video.read.source import demuxed, open_source, video_stream
from pipeline.video.write.codec_delay import delayed_headers, hidden_beginnings, template_of
from pipeline.video.write.container import PICTURE_TYPES, ContainerCheck, check_container
from pipeline.video.write.copying import StreamCopy, without_header
from pipeline.video.write.joining import joined_packets
from pipeline.video.write.mended_times import hide_late_starts, lengthen_media
from pipeline.video.write.tags import container_tags, matroska_tags, stream_tags, survives_itunes
from pipeline.video.write.timeline import Timeline, output_timeline
from pipeline.video.write.track_times import write_creation_times
from pipeline.video.write.whole_video import whole_video

#: A movie clock finer than this makes durations that old players read wrongly.
_FINEST_MOVIE_CLOCK = 10_000_000


#: Reads a written file back, given the positions of the source's streams that it holds besides the painted one:
#: sentences for the user, or a MediaError where it must not be published.
Prove = Callable[[Path, Collection[int]], tuple[str, ...]]


def mux(
    info: VideoInfo,
    parts: Sequence[Path],
    out: Path,
    *,
    prove: Prove,
    left_out: Collection[int] = (),
    folder: Path | None = None,
    may_replace: MayReplace = anything,
) -> tuple[str, ...]:
    """Write `out`, let `prove` read it, and only then give it its name; return notes for the user, a sentence each.

    The parts, in order, become the video track with the source's times, but for the frames whose numbers are
    `left_out`. All other streams that the container can hold are copied bit for bit. Until it is whole, it lies in
    `folder`, by default beside `out`; `may_replace` is asked about a file that has the name by then.

    Raises UsageError if that may not be replaced, or a sound or subtitle track would be lost; MediaError if the parts
    are not those of this source, or writing fails.
    """
    check = check_container(info, out)
    check.refuse_losses(info, out)
    timeline = output_timeline(info).without(left_out)
    with whole_video(out, folder, may_replace) as temporary:
        copies = _write(info, parts, temporary, check, timeline)
        if check.muxer != "matroska":
            # A stream of which nothing is left, as of a part, gets no track.
            empty = {copy.source for copy in copies if copy.is_empty}
            places = sorted({info.video, *check.kept} - empty)
            write_creation_times(temporary, [info.streams[place].metadata for place in places])
            hide_late_starts(temporary, list(hidden_beginnings(info, places).values()))
            lengthen_media(temporary)
        differing = prove(temporary, check.kept)
    moved = (copy.repair_note() for copy in copies)
    return check.warnings + tuple(note for note in moved if note) + differing


def _write(
    info: VideoInfo, parts: Sequence[Path], temporary: Path, check: ContainerCheck, timeline: Timeline
) -> list[StreamCopy]:
    """Write the file; what was copied."""
    with ExitStack() as stack:
        source = stack.enter_context(open_source(info.path))
        template = video_stream(stack.enter_context(open_source(parts[0])), 0)
        out = stack.enter_context(
            av.open(
                f"file:{temporary}",
                "w",
                format=check.muxer,
                container_options=_options(info, timeline, check),
            )
        )
        out.metadata.update(container_tags(info))
        painted, copies = _add_streams(out, info, template, source, check, timeline)
        out.set_chapters(_chapters(info, timeline))
        video = joined_packets(parts, timeline, painted)
        others = _copied_packets(source, out, copies)
        for _, packet in heapq.merge(video, others, key=lambda timed: timed[0]):
            out.mux_one(packet)
        return copies


def _options(info: VideoInfo, timeline: Timeline, check: ContainerCheck) -> dict[str, str]:
    """Bit-exact: no random ids and no version of the muxer, so that the same parts give the same bytes."""
    if check.muxer == "matroska":
        return {"fflags": "+bitexact"}
    ticks = timeline.time_base.denominator
    clock = lcm(ticks, *(info.streams[position].time_base.denominator for position in check.kept))
    keyed = "" if survives_itunes(container_tags(info)) else "+use_metadata_tags"
    return {
        "fflags": "+bitexact",
        "movflags": f"+faststart{keyed}",
        "video_track_timescale": str(ticks),
        # Starts of tracks are rounded to the movie's clock: the finest of all tracks rounds nothing.
        "movie_timescale": str(clock if clock <= _FINEST_MOVIE_CLOCK else ticks),
    }


def _add_streams(
    out: OutputContainer,
    info: VideoInfo,
    template: VideoStream,
    source: InputContainer,
    check: ContainerCheck,
    timeline: Timeline,
) -> tuple[VideoStream, list[StreamCopy]]:
    """The streams of the output in the source's order."""
    painted, copies = None, []
    places = sorted([info.video, *check.kept])
    is_matroska = check.muxer == "matroska"
    headers = delayed_headers(info, hidden_beginnings(info, places if is_matroska else ()))
    covers = _covers(info, places) if is_matroska else {}
    for position in places:
        stream = source.streams[position]
        if is_matroska and info.streams[position].is_picture:
            if position in covers:  # else there is nothing in it, which verify says too
                _attach(out, info.streams[position], covers[position])
            continue
        if position in headers:
            with template_of(headers[position]) as delayed:
                target: Stream = out.add_stream_from_template(delayed, opaque=True)
        else:
            target = out.add_stream_from_template(template if position == info.video else stream, opaque=True)
        target.metadata.clear()
        tags = stream_tags(info.streams[position].metadata)
        target.metadata.update(matroska_tags(tags) if is_matroska else tags)
        target.disposition = stream.disposition
        if position == info.video:
            painted = target
        else:
            target.time_base = stream.time_base
            copies.append(_copy(info, stream, target, timeline, check, hidden=position in headers))
    assert isinstance(painted, VideoStream)
    painted.time_base = timeline.time_base
    if info.average_rate is not None:
        painted.rate = info.average_rate  # MP4 refuses to write a time code without
    if info.sample_aspect is not None:
        # AV1's pictures do not say it: MP4's header does.
        painted.codec_context.sample_aspect_ratio = info.sample_aspect
    if template.codec_context.codec.canonical_name == "hevc":
        painted.codec_context.codec_tag = "hvc1"  # the only one of HEVC's two tags that QuickTime plays
    return painted, copies


def _covers(info: VideoInfo, places: Collection[int]) -> dict[int, bytes]:
    """The files of the pictures among these streams, by position; not of those in which nothing is."""
    pictures = [place for place in places if info.streams[place].is_picture]
    if not pictures:
        return {}
    with open_source(info.path) as source:
        return {place: bytes(packet) for place, packet in first_packets(source, pictures).items()}


def _attach(out: OutputContainer, picture: StreamInfo, content: bytes) -> None:
    """A cover as Matroska keeps it: a file that is attached, named as the source names it."""
    suffix, kind = {"png": "png", "mjpeg": "jpg"}[picture.codec], PICTURE_TYPES[picture.codec]
    tags = stream_tags(picture.metadata)
    attached = out.add_attachment(tags.get("filename", f"cover.{suffix}"), kind, content)
    attached.metadata.update(
        {key: value for key, value in tags.items() if key not in ("filename", "mimetype")}
    )


def _copy(
    info: VideoInfo,
    stream: Stream,
    target: Stream,
    timeline: Timeline,
    check: ContainerCheck,
    *,
    hidden: bool,
) -> StreamCopy:
    is_matroska = check.muxer == "matroska"
    # MP4 counts sound in samples, whatever it is asked to.
    samples = (
        stream.codec_context.sample_rate if isinstance(stream, AudioStream) and not is_matroska else None
    )
    return StreamCopy(
        stream,
        target,
        StreamCut(info, stream.index),
        timeline.shift_seconds,
        has_edit_lists=not is_matroska or hidden,  # a codec delay hides what an edit list did
        # What lies before zero in Matroska is a delay, and Opus brings its own into any container.
        has_codec_delay=is_matroska
        and ("matroska" in info.container or info.streams[stream.index].codec == "opus"),
        tick=Fraction(1, samples) if samples else None,
        bare=hidden,  # of a track with a delay, FFmpeg's writer of Matroska would spoil the header meanwhile
    )


def _chapters(info: VideoInfo, timeline: Timeline) -> list[Any]:
    return [
        {
            "id": number,
            "start": chapter.start - to_pts(timeline.shift_seconds, chapter.time_base),
            "end": chapter.end - to_pts(timeline.shift_seconds, chapter.time_base),
            "time_base": chapter.time_base,
            "metadata": dict(chapter.metadata),
        }
        for number, chapter in enumerate(info.chapters)
    ]


def _copied_packets(
    source: InputContainer, out: OutputContainer, copies: Sequence[StreamCopy]
) -> Iterator[tuple[Fraction, Packet]]:
    """The packets of all copied streams, in the order in which the source holds them."""
    by_position = {copy.source: copy for copy in copies}
    if not copies:
        return
    for packet in demuxed(source, *(source.streams[position] for position in by_position)):
        # The end of a demuxed stream is an empty packet that belongs to none.
        copy = by_position[packet.stream_index] if packet.size else None
        if copy is not None and copy.take(packet):
            taken = without_header(packet) if copy.bare else packet
            taken.stream = out.streams[copy.target]
            yield (taken.dts or 0) * copy.time_base, taken
