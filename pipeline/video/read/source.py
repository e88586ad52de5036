"""An input file opened so that it can reach nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

import av
from av.codec.context import CodecContext
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from pipeline.errors import InputError
from pipeline.storage.stored import facts_of, open_stored
from pipeline.structures.address import Place

#: Formats that hold their media in themselves. Playlists (hls, dash, concat), pictures by pattern and
#: devices are left out: such a file, whatever it is called, could name other files or the network.
_CONTAINERS = (
    "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg,nut,mxf,mxf_opatom,gxf,wtv,dv,rm,ivf,obu,gif,"
    "h264,hevc,m4v,mpegvideo,mjpeg,vc1,yuv4mpegpipe,mp3,aac,wav,flac"
)

#: Formats whose clock is that of who sent them: it starts anywhere, hours from zero if the sender likes, and a player
#: of files would wait that long.
BROADCAST_CONTAINERS = {"mpegts", "mpeg"}

#: Bytes without a packet that a broadcast recording may have: cameras make their files large beforehand, of zeros.
_MOST_PADDING = 64 << 20

#: Seconds without any byte before a read counts as failed: a disk or share that hangs.
_STALL_SECONDS = 60.0


@contextmanager
def open_source(path: Place) -> Iterator[InputContainer]:
    """The container at `path`, open for reading.

    No other file and no address can be reached through it, whatever its content asks for.
    Raises InputError if there is no such file or it is no media, MediaError where a storage fails while it is read.
    """
    stream = None if isinstance(path, Path) else open_stored(path)
    if isinstance(path, Path):
        _check_file(path)
    try:
        container = av.open(
            # The prefix keeps a leading dash, a colon or a %d in the name from meaning anything.
            f"file:{path}" if stream is None else stream,
            options={
                "protocol_whitelist": "file",
                "format_whitelist": _CONTAINERS,
                "resync_size": str(_MOST_PADDING),
            },
            timeout=_STALL_SECONDS,
            metadata_errors="replace",
        )
        assert isinstance(container, InputContainer)
    except (FFmpegError, OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read as video.",
            found=reason(error),
            do="check that the file is complete; a recording that was cut off may need repair",
        ) from error
    with container:
        yield container
    if stream is not None and stream.failure is not None:
        raise stream.failure


@contextmanager
def open_bytes(path: Place) -> Iterator[BinaryIO]:
    """The source's bytes, open for reading. Raises InputError where the system cannot read them: a disk that is bad."""
    try:
        with path.open("rb") if isinstance(path, Path) else BufferedReader(open_stored(path)) as file:
            yield file
    except OSError as error:
        raise InputError(f"{path} cannot be read.", found=error.strerror or str(error)) from error


def size_of(path: Place) -> int:
    """Bytes of a source. Raises InputError where it is not there."""
    if not isinstance(path, Path):
        return facts_of(path).size
    _check_file(path)
    return path.stat().st_size


def video_stream(container: InputContainer, position: int) -> VideoStream:
    """Stream number `position`, which is known to be video."""
    stream = container.streams[position]
    assert isinstance(stream, VideoStream)
    return stream


def demuxed(container: InputContainer, *streams: Stream) -> Iterator[Packet]:
    """The packets of these streams and, at the end, an empty one of each, as PyAV's `demux` gives them.

    MPEG-TS may bring streams that it did not announce, such as a camera's positions. PyAV marks the wanted ones in an
    array of the streams that it knew, reads on behind it at the end, and fails with an IndexError where that says yes.
    """
    packets = container.demux(*streams)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, IndexError):
            return
        yield packet


def codec_tag(context: CodecContext) -> str:
    """The container's four characters for a format; some are numbers that spell no text, as AAC's in AVI."""
    try:
        return context.codec_tag
    except UnicodeDecodeError as error:
        return error.object.decode("latin-1")


def reason(error: BaseException) -> str:
    """The message of FFmpeg or the system, without numbers and the file's name."""
    text = getattr(error, "strerror", None) or str(error)
    log = getattr(error, "log", None)
    return f"{text} ({log[2].strip()})" if log else text


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path} cannot be opened.", found=error.strerror or str(error)) from error
    if path.is_dir():
        raise InputError(
            f"{path} is a folder.",
            do="name a video file, or of numbered frames the folder and --frames-as-video",
        )
    if not path.is_file():
        raise InputError(
            f"{path} is no file.",
            found="a pipe, a socket or a device",
            do="save what comes out of it to a file first",
        )
    if size == 0:
        raise InputError(f"{path} is empty.", found="0 bytes")
