"""The facts of a video file, read off its packets and, where asked for, off every frame it decodes to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import AttachmentStream, Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pipeline.structures.video_info import StreamInfo, VideoInfo
from pipeline.video.cut.stream_cut import StreamCut
from pipeline.video.headers.codec_header import bare_content, codec_header_faults
from pipeline.video.headers.matroska_header import matroska_faults
from pipeline.video.headers.mp4_boxes import entry_names
from pipeline.video.headers.mp4_header import header_faults
from pipeline.video.read.decoded_facts import DecodedFacts, decoded_facts, readable_packets
from pipeline.video.read.index import is_shown
from pipeline.video.read.source import codec_tag, open_bytes, open_source, size_of
from pipeline.video.write.container import is_made_by_the_muxer
from pipeline.video.write.gapless import bytes_a_second, stretches

#: A packet of MP4's subtitles without a text: its length is all of it.
_NO_TEXT = bytes(2)


@dataclass(frozen=True, eq=False)
class TrackFacts:
    """One stream besides the painted one.

    stream : what the container says of it.
    pts : int64 [P], times of the packets that are shown, in the order of the file.
    durations : int64 [P], how long each is shown, 0 where the container does not say.
    sha256 : of their content, in that order, without what belongs to the container; of an attachment, of its file.
    hidden : how many of them come first that an edit list hides; 0 in Matroska, where a delay does that.
    parameters : what a player has to know before the first packet: tag, sample rate, channels, header and so on.
    gapless : int64 [S], of PCM, times at which stretches without a gap begin; None of anything else.
    """

    stream: StreamInfo
    pts: NDArray[np.int64]
    durations: NDArray[np.int64]
    sha256: str
    parameters: Mapping[str, str]
    hidden: int = 0
    gapless: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class MediaFacts:
    """The content of a video file.

    info : streams, geometry, colour, tags, chapters.
    pts : int64 [N], when each frame of the painted stream is shown, ascending, in ticks of info.time_base.
    tracks : the other streams, but for those that a muxer makes by itself of chapters and time codes.
    tag : the container's four characters for the format of the painted stream.
    header : what its header says besides, by which players would show it in another way; a sentence each.
    decoded : None where nothing was decoded.
    """

    info: VideoInfo
    pts: NDArray[np.int64]
    tracks: tuple[TrackFacts, ...]
    tag: str
    header: tuple[str, ...] = ()
    decoded: DecodedFacts | None = None


@dataclass
class _Reading:
    """The facts read of one stream so far.

    cut : tells which packets belong to the film. begun : a packet was shown, and the stream is heard from that tick on.
    """

    cut: StreamCut
    pts: list[int] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    begun: bool = False
    heard_from: float = -inf
    hidden: int = 0
    content: Any = field(default_factory=hashlib.sha256)


def read_facts(info: VideoInfo, *, decode: bool, header: bool = True) -> MediaFacts:
    """The facts of the file that was probed as `info`; its packets are read again, its frames if asked for.

    header : whether its header is searched for faults, as an output's is; a source's is as it is.
    Raises InputError if it cannot be opened any more. Whatever cannot be read or decoded is missing in the
    facts, as it would be for a player.
    """
    decoded = decoded_facts(info) if decode else None
    with open_source(info.path) as container:
        stream = container.streams[info.video]
        tag, track_id = _tag(stream), stream.id
        context = stream.codec_context
        sets = b"" if context is None else context.extradata or b""
        known = [sound for sound in container.streams.audio if sound.codec_context is not None]
        said = [(sound.codec_context.sample_rate, sound.codec_context.channels) for sound in known]
        by_number = {sound.id: each for sound, each in zip(known, said, strict=True)}
        by_place = {sound.index: each for sound, each in zip(known, said, strict=True)}
    tracks = _read_tracks(info)
    faults: tuple[str, ...] = ()
    if header:
        faults = (
            *header_faults(info, track_id, by_number),
            *matroska_faults(info, by_place, _end_seconds(info, tracks)),
            *codec_header_faults(info, sets),
        )
    return MediaFacts(info, info.pts, tracks, tag, faults, decoded)


def _end_seconds(info: VideoInfo, tracks: Iterable[TrackFacts]) -> Fraction:
    """End of the last packet of any stream."""
    ends = [
        int((track.pts + track.durations).max()) * track.stream.time_base
        for track in tracks
        if len(track.pts)
    ]
    return max([info.end_pts * info.time_base, *ends])


def _read_tracks(info: VideoInfo) -> tuple[TrackFacts, ...]:
    wanted = [
        stream
        for stream in info.streams
        if stream.index != info.video and not is_made_by_the_muxer(info, stream)
    ]
    if not wanted:
        return ()
    readings = {stream.index: _Reading(StreamCut(info, stream.index)) for stream in wanted}
    with open_source(info.path) as container:
        for packet in readable_packets(container, sorted(readings)):
            reading = readings[packet.stream_index]
            # What a decoder needs to begin is hidden in MP4 and a delay in Matroska: the same packets.
            if (not is_shown(packet) and reading.begun) or not reading.cut.take(packet):
                continue
            # MP4 says that there is no subtitle for a while, and its writer adds such packets where one begins late.
            if info.streams[packet.stream_index].codec == "mov_text" and bytes(packet) == _NO_TEXT:
                continue
            if is_shown(packet) and not reading.begun:
                reading.begun, reading.heard_from = True, _heard_from(packet)
            ends = _time(packet) + (packet.duration or 0)
            reading.hidden += not reading.begun or ends <= reading.heard_from
            reading.pts.append(_time(packet))
            reading.durations.append(packet.duration or 0)
            reading.sizes.append(packet.size)
            reading.content.update(bare_content(packet))
        return tuple(
            _track(
                stream,
                container.streams[stream.index],
                readings[stream.index],
                _entry_names(info),
                has_edit_lists="matroska" not in info.container,
            )
            for stream in wanted
        )


def _entry_names(info: VideoInfo) -> dict[int, str]:
    """The tags of MP4's tracks by their numbers: FFmpeg, as seen by PyAV, keeps them of known formats alone."""
    if "mp4" not in info.container:
        return {}
    with open_bytes(info.path) as file:
        return entry_names(file, (0, size_of(info.path)))


def _track(
    info: StreamInfo, stream: Stream, reading: _Reading, names: Mapping[int, str], *, has_edit_lists: bool
) -> TrackFacts:
    if isinstance(stream, AttachmentStream):
        reading.content.update(stream.data or b"")
    times, durations = (np.array(column, np.int64) for column in (reading.pts, reading.durations))
    hidden = max(reading.hidden, reading.cut.hidden) if has_edit_lists else 0
    rate = bytes_a_second(stream)
    begins = stretches(reading.pts, reading.sizes, info.time_base, rate) if rate else None
    return TrackFacts(
        info,
        times,
        durations,
        reading.content.hexdigest(),
        _parameters(stream, names),
        hidden,
        None if begins is None else np.array(begins, np.int64),
    )


def _parameters(stream: Stream, names: Mapping[int, str]) -> dict[str, str]:
    if isinstance(stream, AttachmentStream):
        return {"name": stream.name or "", "type": stream.mimetype or ""}
    context = stream.codec_context
    found = {"tag": _tag(stream) if context is not None else names.get(stream.id, "")}
    if context is None:
        return found
    # FFmpeg's reader takes the box with the bitrate behind a text track's header for a part of it.
    header = (context.extradata or b"").split(b"\0\0\0\x14btrt")[0]
    if header.startswith(b"OpusHead"):
        header = header[:10] + header[12:]  # without the delay, which is compared as times
    if header:
        found["header"] = hashlib.sha256(header).hexdigest()[:12]
    if isinstance(stream, AudioStream):
        found["sample rate"] = str(stream.codec_context.sample_rate)
        found["channels"] = str(stream.codec_context.channels)
        layout = stream.codec_context.layout.name
        # Where the container says no more than how many there are, FFmpeg calls it so.
        found["layout"] = "" if layout.endswith("channels") else layout
    if isinstance(stream, VideoStream):
        found["size"] = f"{stream.codec_context.width}x{stream.codec_context.height}"
    return found


def _tag(stream: Stream) -> str:
    """Four characters, empty where the container has none."""
    context = stream.codec_context
    return "" if context is None else codec_tag(context).strip("\0")


def _time(packet: Packet) -> int:
    """A packet's pts; a cover has no time at all."""
    times = [time for time in (packet.pts, packet.dts) if time is not None]
    return times[0] if times else 0


def _heard_from(packet: Packet) -> float:
    """Tick of the first sample that is heard of a stream that begins with this packet: some of it may be skipped."""
    sound = packet.stream.codec_context
    skipped = next((data for data in packet.iter_sidedata() if data.data_type == "skip_samples"), None)
    if skipped is None or not isinstance(sound, AudioCodecContext) or not packet.time_base:
        return -inf
    samples = int.from_bytes(bytes(skipped)[:4], "little")
    return _time(packet) + float(Fraction(samples, sound.sample_rate) / packet.time_base)
