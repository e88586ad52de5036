"""The beginning of sound that Matroska hides: what it is, and a template that lets it hide what others hide."""

from __future__ import annotations

import io
import struct
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from pipeline.errors import MediaError
from pipeline.structures.address import Place
from pipeline.structures.video_info import VideoInfo
from pipeline.video.cut.stream_cut import StreamCut
from pipeline.video.headers.ebml import TRACKS, elements, unsigned
from pipeline.video.read.packets import first_packets
from pipeline.video.read.source import demuxed, open_bytes, open_source, size_of

#: Matroska's Name and CodecDelay, the first with eight letters, the second with eight bytes of nanoseconds (RFC 9559,
#: 5.1.4.1.17 and 5.1.4.1.28): as both are equally long, one can stand in the place of the other.
_NAME, _DELAY = b"\x53\x6e\x88", b"\x56\xaa\x88"
_LETTERS = b"a delay!"

#: Matroska's id of a track's delay; how long id and length are where it stands, and the id of an element that says
#: nothing.
_DELAY_ID, _DELAY_HEAD, _VOID = 0x56AA, 3, 0xEC

#: Opus's own header begins so, and counts in samples of this rate (RFC 7845).
_OPUS, _OPUS_RATE = b"OpusHead", 48000


def codec_delays(path: Place, container: str) -> tuple[Fraction, ...]:
    """Seconds of each track's beginning that Matroska hides, in the order of the file; none of another format."""
    if "matroska" not in container:
        return ()
    with open_bytes(path) as file:
        tracks = [span for _, span in elements(file, (0, size_of(path)), *TRACKS)]
        delays = [[unsigned(file, span) for _, span in elements(file, track, _DELAY_ID)] for track in tracks]
    return tuple(Fraction(sum(delay), 10**9) for delay in delays)


def hidden_beginnings(info: VideoInfo, positions: Collection[int]) -> dict[int, Fraction]:
    """Seconds of each stream's hidden beginning, which an edit list cuts off, by position; 0 for none.

    MP4 marks a packet as hidden if all of it is; a delay that is no whole number of packets begins in one that is not,
    before zero. Opus tells its delay in its own header, which every container takes over. A part's sound begins with
    what its decoder needs, which lies before the part.
    """
    begins = None if info.excerpt is None else info.excerpt.begins
    hidden = dict.fromkeys(positions, Fraction(0))
    sound = [place for place in positions if info.streams[place].kind == "audio"]
    if begins is None:
        hides = "mp4" in info.container
        sound = [place for place in sound if hides and info.streams[place].codec != "opus"]
    if sound:
        # Opened once: a file of hundreds of tracks takes seconds to open.
        with open_source(info.path) as container:
            hidden |= _hidden(info, container, sound, begins)
    return hidden


def _hidden(
    info: VideoInfo, container: InputContainer, positions: Collection[int], begins: Fraction | None
) -> dict[int, Fraction]:
    """The same of sound streams in the opened source. begins : seconds of the source at which the part begins."""
    cuts = {place: StreamCut(info, place) for place in positions}
    first, hidden = dict[int, Fraction](), dict[int, Fraction]()
    for packet in demuxed(container, *(container.streams[place] for place in positions)):
        place = packet.stream.index
        if place in hidden or not packet.size or packet.pts is None or not cuts[place].take(packet):
            continue
        seconds = packet.pts * info.streams[place].time_base
        first.setdefault(place, seconds)
        if begins is None and packet.is_discard:
            continue
        shown = max(seconds, Fraction(0)) if begins is None else begins
        hidden[place] = max(shown - first[place], Fraction(0))
        if len(hidden) == len(cuts):
            break
    return hidden


def delayed_headers(info: VideoInfo, hidden: Mapping[int, Fraction]) -> dict[int, bytes]:
    """Sound streams again with decoders that begin so many seconds early, each as a small Matroska file, by position.

    PyAV cannot set the delay. So a stream is written into memory under a name, and the delay takes the name's place. A
    delay that the stream has already is blotted out; Opus has it in its own header too.
    """
    late = {place: seconds for place, seconds in hidden.items() if seconds}
    if not late:
        return {}
    with open_source(info.path) as source:
        first = first_packets(source, late)
        return {place: _delayed(_named(first[place]), seconds) for place, seconds in late.items()}


@contextmanager
def template_of(header: bytes) -> Iterator[AudioStream]:
    """The stream of such a file, to make the output's stream of."""
    with av.open(io.BytesIO(header)) as container:
        yield container.streams.audio[0]


def _delayed(content: bytes, seconds: Fraction) -> bytes:
    content = _without_delay(content)
    delay = _DELAY + struct.pack(">Q", round(seconds * 10**9))
    if content.count(_NAME + _LETTERS) != 1:
        raise MediaError("FFmpeg's writer of Matroska tells no name of a stream.", do="write an .mp4 instead")
    content = content.replace(_NAME + _LETTERS, delay)
    if (header := content.find(_OPUS)) >= 0:
        at = header + len(_OPUS) + 2  # behind version and number of channels (RFC 7845, 5.1)
        skipped = struct.pack("<H", min(round(seconds * _OPUS_RATE), 0xFFFF))
        content = content[:at] + skipped + content[at + len(skipped) :]
    return content


def _without_delay(content: bytes) -> bytes:
    """The same Matroska file, in which nothing takes the place of each CodecDelay."""
    found = bytearray(content)
    for _, (begin, end) in elements(io.BytesIO(content), (0, len(content)), *TRACKS, _DELAY_ID):
        head = begin - _DELAY_HEAD
        # The id of one byte that stands for nothing, and a length that takes in the old one's.
        found[head : head + 2] = bytes((_VOID, 0x80 | (1 + end - begin)))
    return bytes(found)


def _named(packet: Packet) -> bytes:
    """The header in Matroska of a packet's stream, with a name and the packet, so that it can be read back.

    It is the stream's first, as some bring what belongs into the header.
    """
    file = io.BytesIO()
    with av.open(file, "w", format="matroska", container_options={"fflags": "+bitexact"}) as container:
        target = container.add_stream_from_template(packet.stream, opaque=True)
        target.metadata.clear()
        target.metadata["title"] = _LETTERS.decode()
        packet.pts = packet.dts = 0
        packet.stream = target
        container.mux_one(packet)
    return file.getvalue()
