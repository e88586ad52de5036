"""The streams of a source that an output of that name can hold, told before any network runs."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from pipeline.errors import ConfigError, UsageError
from pipeline.structures.video_info import StreamInfo, VideoInfo
from pipeline.video.cut.stream_cut import StreamCut
from pipeline.video.read.packets import first_packets
from pipeline.video.read.source import demuxed, open_source
from pipeline.video.write.gapless import bytes_a_second, stretches
from pipeline.video.write.timeline import output_timeline

#: FFmpeg's muxer by the ending of the output's name.
_MUXERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}

#: The formats in which Matroska attaches a cover, by FFmpeg's name of the codec.
PICTURE_TYPES = {"png": "image/png", "mjpeg": "image/jpeg"}

#: The most ticks that a frame is shown for in MP4, in which every part is written; a few more would not fit 32 bits.
_LONGEST_TICKS = 2_000_000_000

#: QuickTime has no place for AV1, and PyAV cannot set what Matroska tells of the shape of pixels.
_AV1_ENCODERS = ("libsvtav1",)

#: Kinds of streams without which an output is not made.
_TRACKS = ("audio", "subtitle")

#: Sound that FFmpeg writes into MP4 but hardly a player finds there.
_UNPLAYABLE_IN_MP4 = ("pcm_", "vorbis")


@dataclass(frozen=True)
class ContainerCheck:
    """The source's streams in an output: copied, left out or lost.

    muxer : FFmpeg's name of the output's format.
    kept : positions of the streams that are copied, besides the one that is painted.
    problems : a sentence for each sound or subtitle track that would be lost; the output is not to be made.
    fitting : endings of names, for which there would be no problem. lost : positions of those tracks.
    warnings : a sentence for each lesser loss, and for whatever else the user should know.
    """

    muxer: str
    kept: tuple[int, ...]
    problems: tuple[str, ...]
    fitting: tuple[str, ...]
    lost: tuple[int, ...]
    warnings: tuple[str, ...]

    def refuse_losses(self, info: VideoInfo, out: Path) -> None:
        """Raise UsageError if there are problems."""
        if not self.problems:
            return
        do = f"name an output that ends in {' or '.join(self.fitting)}" if self.fitting else None
        if self.lost and not self.fitting:  # as sound of a format, or with a rate, that FFmpeg does not know
            without = " ".join(f"-map -0:{place}" for place in self.lost)
            do = f"copy the file without it first: ffmpeg -i IN -map 0 {without} -c copy COPY"
        raise UsageError(
            f"{out.suffix} cannot hold all of {info.path}.", found="; ".join(self.problems), do=do
        )


def check_container(info: VideoInfo, out: Path) -> ContainerCheck:
    """Try each stream of the source in the format that `out` ends in.

    Raises ConfigError if the ending is none of .mp4, .m4v, .mov and .mkv.
    """
    muxer = _muxer(out)
    with open_source(info.path) as source:  # once, as a file may have a thousand tracks
        return _check(info, source, muxer, out)


def _check(info: VideoInfo, source: InputContainer, muxer: str, out: Path) -> ContainerCheck:
    torn, cut_off = _with_gaps(info, muxer), _cut_off(info, source, muxer)
    streams = [
        stream
        for stream in info.streams
        if stream.index != info.video and not is_made_by_the_muxer(info, stream)
    ]
    whole = [stream for stream in streams if stream.index not in torn]
    kept = [stream.index for stream in whole if _fits(source, stream, muxer)]
    unfit = [stream for stream in whole if stream.index not in kept]
    empty = _empty(info, [stream.index for stream in unfit if stream.kind in _TRACKS])
    lost = [stream for stream in unfit if stream.kind in _TRACKS and stream.index not in empty]
    too_long = _too_long(info, out.suffix)
    gaps = [f"the gaps of {_name(stream)}" for stream in streams if stream.index in torn]
    problems = too_long + [f"{out.suffix} cannot hold {what}" for what in (*gaps, *map(_name, lost))]
    warnings: list[str] = []
    for stream in whole:
        if stream.index in kept:
            warnings += _second_video(info, stream, cut_off)
        elif stream.kind not in _TRACKS:
            warnings.append(f"{out.suffix} cannot hold {_name(stream)}; it is left out")
    warnings += [
        f"{_name(info.streams[place])} is announced and has no packet: it is left out" for place in empty
    ]
    warnings += _lost_time_code(info)
    fitting: tuple[str, ...] = ()
    if problems and not too_long:
        fitting = tuple(suffix for suffix, other in _MUXERS.items() if _holds_all(info, source, other, empty))
    places = tuple(stream.index for stream in lost)
    return ContainerCheck(muxer, tuple(kept), tuple(problems), fitting, places, tuple(warnings))


def check_encoder(info: VideoInfo, encoder: str, out: Path) -> None:
    """Raise ConfigError if what this encoder makes of the source cannot be kept in the format that `out` ends in."""
    if encoder not in _AV1_ENCODERS:
        return
    muxer = _muxer(out)
    if muxer == "mov":
        raise ConfigError(f"{out.suffix} cannot hold AV1, which {encoder} makes.", do="name an .mp4 or .mkv")
    if muxer == "matroska" and info.sample_aspect not in (None, 1):
        raise ConfigError(
            f"{out.suffix} would lose the shape of the pixels of {info.path}, which AV1 itself does not tell.",
            found=f"pixels {info.sample_aspect}",
            do="name an .mp4, or choose libx264 or libx265",
        )


def _too_long(info: VideoInfo, suffix: str) -> list[str]:
    """A sentence if a frame is shown longer than the 32 bits of a length hold, as where a clock has run over."""
    steps = np.diff(output_timeline(info).pts)
    if not len(steps) or steps.max() <= _LONGEST_TICKS:
        return []
    frame, days = int(steps.argmax()), float(int(steps.max()) * info.time_base) / 86400
    return [f"{suffix} cannot hold frame {frame}, which is shown for {days:.1f} days"]


def _cut_off(info: VideoInfo, source: InputContainer, muxer: str) -> set[int]:
    """Positions of the second videos that begin with packets that an edit list hides, and Matroska cannot."""
    if muxer != "matroska":
        return set()
    videos = [stream.index for stream in info.streams if stream.kind == "video" and not stream.is_picture]
    first = first_packets(source, [place for place in videos if place != info.video])
    return {place for place, packet in first.items() if packet.is_discard}


def _second_video(info: VideoInfo, stream: StreamInfo, cut_off: Collection[int]) -> Iterator[str]:
    """Sentences on a stream that is copied, if it is a video. cut_off : positions of those that begin hidden."""
    if stream.kind != "video" or stream.is_picture:
        return
    yield f"{_name(stream)} is a second video: it is copied as it is, not painted"
    if stream.index in cut_off:
        yield (
            f"{_name(stream)} begins with pictures that an edit list hides, and .mkv has none: they are left out, and "
            "what follows may not decode until the next keyframe; .mp4 keeps them"
        )
    if info.excerpt is not None and info.excerpt.begins is not None:
        yield f"{_name(stream)} begins with its first keyframe in the part"


def _lost_time_code(info: VideoInfo) -> Iterator[str]:
    """A sentence on a part of a film whose first frame has a time code."""
    if info.excerpt is not None and _time_code(info) != _time_code(info.whole):
        yield "the time code is that of the source's first frame: a part has none"


def is_made_by_the_muxer(info: VideoInfo, stream: StreamInfo) -> bool:
    """True if a stream is made anew of the chapters or of a tag, and is not to be copied."""
    whole = info.whole  # a part may have fewer chapters, and no time code
    own = whole.streams[stream.index]
    return _holds_chapters(whole, own) or _holds_time_code(whole, own)


def _muxer(out: Path) -> str:
    try:
        return _MUXERS[out.suffix.lower()]
    except KeyError:
        raise ConfigError(
            f"{out} names no format that video is written in.",
            found=out.suffix or "a name without an ending",
            do=f"end it in one of {', '.join(_MUXERS)}",
        ) from None


def _holds_chapters(info: VideoInfo, stream: StreamInfo) -> bool:
    """QuickTime keeps chapter titles in a text track, which FFmpeg shows both as chapters and as data."""
    return bool(info.chapters) and stream.kind == "data" and stream.packet_count == len(info.chapters)


def _holds_time_code(info: VideoInfo, stream: StreamInfo) -> bool:
    """QuickTime keeps the time code in a track, which FFmpeg shows as data and as a tag it writes back."""
    time_code = stream.metadata.get("timecode")
    return (
        stream.kind == "data"
        and stream.packet_count == 1
        and time_code is not None
        and time_code == info.stream.metadata.get("timecode")
    )


def _time_code(info: VideoInfo) -> str | None:
    return info.stream.metadata.get("timecode")


def _fits(source: InputContainer, stream: StreamInfo, muxer: str) -> bool:
    if muxer == "mp4" and stream.codec.startswith(_UNPLAYABLE_IN_MP4):
        return False
    if stream.is_picture and muxer != "mp4":
        # QuickTime has no place for it; as a stream of Matroska it would become a video of one frame.
        return muxer == "matroska" and stream.codec in PICTURE_TYPES
    return _can_be_written(source.streams[stream.index], muxer)


def _empty(info: VideoInfo, places: Collection[int]) -> list[int]:
    """Those of these streams that have no packet, as sound of a camera whose microphone is off."""
    if not places:
        return []
    with open_source(info.path) as source:
        return sorted(set(places) - first_packets(source, places).keys())


def _with_gaps(info: VideoInfo, muxer: str) -> set[int]:
    """Positions of PCM with gaps, which QuickTime cannot hold; none for another format."""
    sounds = [stream.index for stream in info.streams if stream.codec.startswith("pcm_")]
    if muxer != "mov" or not sounds:
        return set()
    cuts = {place: StreamCut(info, place) for place in sounds}
    times, sizes = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    with open_source(info.path) as source:
        rates = {place: bytes_a_second(source.streams[place]) for place in sounds}
        with suppress(FFmpegError):  # behind what cannot be read there is nothing to lose
            for packet in demuxed(source, *(source.streams[place] for place in sounds)):
                place = packet.stream_index
                if packet.size and packet.pts is not None and cuts[place].take(packet):
                    times[place].append(packet.pts)
                    sizes[place].append(packet.size)
    return {
        place
        for place in sounds
        if len(stretches(times[place], sizes[place], info.streams[place].time_base, rates[place])) > 1
    }


def _can_be_written(stream: Stream, muxer: str) -> bool:
    """True if a file with this stream alone gets a header and an end."""
    try:
        with av.open(io.BytesIO(), "w", format=muxer) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (FFmpegError, ValueError):
        return False
    return True


def _name(stream: StreamInfo) -> str:
    language = stream.language if stream.language != "und" else None
    known = (stream.kind, stream.codec, language, stream.metadata.get("handler_name", "").strip())
    return f"stream {stream.index} ({' '.join(word for word in known if word)})"


def _holds_all(info: VideoInfo, source: InputContainer, muxer: str, empty: Collection[int]) -> bool:
    """True if no sound and no subtitle is lost. empty : positions of streams in which nothing is."""
    wanted = [stream for stream in info.streams if stream.kind in _TRACKS and stream.index not in empty]
    return all(_fits(source, stream, muxer) for stream in wanted) and not _with_gaps(info, muxer)
