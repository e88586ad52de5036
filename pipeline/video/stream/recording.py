"""Recording: pictures and sound of a running stream as an MP4 that can be played whatever happens."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pipeline.errors import MediaError, SegVideoError, UsageError, WriteError
from pipeline.video.read.source import reason
from pipeline.video.settings import H264_CRF
from pipeline.video.stream.live_stream import StreamSound
from pipeline.video.write.whole_video import whole_video

_TICK = Fraction(1, 90_000)

#: A fragment has so many seconds: as much is lost, at most, when the power goes.
_FRAGMENT_SECONDS = 1.0

#: No B-frames and no look ahead: what is encoded is in the file with the next fragment.
_ENCODER = {
    "preset": "veryfast",
    "crf": str(H264_CRF),
    "tune": "zerolatency",
    "forced-idr": "1",
    "x264-params": "keyint=infinite:scenecut=0",
}
_FRAGMENTED = {"movflags": "frag_keyframe+delay_moov+default_base_moof", "max_interleave_delta": "1000000"}

#: A sample that is off its time by more than this is put right: by silence, or by leaving some out.
_SOUND_SLIP_SECONDS = 0.1
_BT709 = 1

_KEPT = "free space; what was recorded until then can be played"


class Recording:
    """A film that grows. Each second of it is a fragment on the disk; `close` makes one whole file of them.

    Its size is that of the first picture, and others are scaled to it. Pictures keep their times, and sound its own.
    Two threads may bring them. Raises UsageError for a name that cannot be had.
    """

    def __init__(self, path: Path, *, replace: bool = False) -> None:
        if path.suffix.lower() != ".mp4":
            raise UsageError(f"{path} is no name of a recording.", do="give it the ending .mp4")
        self.path = path
        self._stream = _new_file(path, replace)
        self._file = os.fstat(self._stream.fileno())
        self._lock = threading.Lock()
        self._container: OutputContainer | None = None
        self._video: VideoStream | None = None
        self._sound: _Sound | None = None
        self._form: tuple[int, int] | None = None
        self._early: list[StreamSound] = []
        self._failure: SegVideoError | None = None
        self._last, self._last_key = -1, -1
        self.pictures = 0

    @property
    def seconds(self) -> float:
        """Time of the last picture."""
        return float(max(self._last, 0) * _TICK)

    def picture(self, rgb: NDArray[np.uint8], seconds: float) -> None:
        """Add a picture uint8 [H, W, 3]; seconds : since the first. Raises WriteError, MediaError."""
        with self._lock, self._told():
            if self._failure is not None:
                raise self._failure
            if self._container is None:
                self._begin(rgb.shape[1], rgb.shape[0])
            assert self._video is not None
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(
                self._video.width, self._video.height, self._video.pix_fmt, dst_colorspace="ITU709"
            )
            self._last = max(round(seconds / _TICK), self._last + 1)
            frame.pts, frame.time_base = self._last, _TICK
            begins = self._last_key < 0 or (self._last - self._last_key) * _TICK >= _FRAGMENT_SECONDS
            frame.pict_type = PictureType.I if begins else PictureType.NONE
            self._write(self._video.encode(frame))
            self.pictures += 1
            if begins:  # the fragment before is complete
                self._last_key = self._last
                self._stream.flush()
                os.fdatasync(self._stream.fileno())

    def sound(self, piece: StreamSound) -> None:
        """Add a piece of sound, its time counted as the pictures' is; what goes wrong is told with the next picture."""
        with self._lock:
            self._form = piece.rate, piece.samples.shape[1]
            if self._container is None:
                self._early.append(piece)
                return
            try:
                self._hear(piece)
            except SegVideoError as error:
                self._failure = self._failure or error

    def close(self) -> None:
        """End the film and make one whole file of the fragments; without a picture there is none.

        If that fails, the fragments stay, and can be played. Raises WriteError, MediaError; UsageError where something
        else has the name by now, which is left alone.
        """
        with self._lock, self._told():
            try:
                self._end()
            finally:
                self._stream.close()
            if not self._is_there(self.path):
                raise UsageError(
                    f"{self.path} is no longer the file that was recorded to, and was left alone.",
                    do="look for the recording where it was moved to: it can be played",
                )
            if not self.pictures:
                self.path.unlink()
                return
        with whole_video(self.path, may_replace=self._is_there) as temporary:
            _join(self.path, temporary)

    def _is_there(self, path: Path) -> bool:
        """True if the file of that name is the one that was made for the recording."""
        return os.path.lexists(path) and os.path.samestat(path.lstat(), self._file)

    def _begin(self, width: int, height: int) -> None:
        self._container = av.open(self._stream, "w", format="mp4", container_options=_FRAGMENTED)
        self._video = _video_stream(self._container, width, height)
        if self._form is not None:
            self._sound = _Sound(self._container, *self._form)
        for piece in self._early:
            self._hear(piece)
        self._early.clear()

    def _hear(self, piece: StreamSound) -> None:
        if self._sound is not None:
            with self._told():
                self._write(self._sound.encoded(piece))

    def _end(self) -> None:
        if self._container is None or self._video is None:
            return
        self._write(self._video.encode(None))
        if self._sound is not None:
            self._write(self._sound.rest())
        self._container.close()

    def _write(self, packets: list[av.Packet]) -> None:
        assert self._container is not None
        self._container.mux(packets)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raises our own errors for those of FFmpeg and the system."""
        try:
            yield
        except (FFmpegError, OSError) as error:
            # FFmpeg goes on after a write that failed, and says of it later that it did.
            failure = self._stream.failure or (error if isinstance(error, OSError) else None)
            found = reason(error) if failure is None else failure.strerror or str(failure)
            kind = MediaError if failure is None else WriteError
            raise kind(f"Cannot go on with {self.path}.", found=found, do=_KEPT) from error


class _File(BufferedWriter):
    """A new file that remembers why it could not be written to."""

    failure: OSError | None = None

    def write(self, content: Any, /) -> int:
        try:
            return super().write(content)
        except OSError as error:
            self.failure = self.failure or error
            raise


class _Sound:
    """The sound of a recording, as AAC: sample after sample, each at its time."""

    def __init__(self, container: OutputContainer, rate: int, channels: int) -> None:
        layout = "mono" if channels == 1 else "stereo"
        stream = container.add_stream("aac", rate=rate, layout=layout)
        assert isinstance(stream, AudioStream)
        self._stream, self._rate = stream, rate
        self._layout = layout if channels <= 2 else f"{channels}c"
        self._resampler = AudioResampler("fltp", layout, rate, frame_size=1024)
        self._heard = 0

    def encoded(self, piece: StreamSound) -> list[av.Packet]:
        """The packets that a piece completes."""
        samples, at = piece.samples, round(piece.seconds * self._rate)
        off = at - self._heard
        if off > _SOUND_SLIP_SECONDS * self._rate or (off > 0 and self._heard == 0):
            samples = np.concatenate([np.zeros((off, samples.shape[1]), np.int16), samples])
        elif off < -_SOUND_SLIP_SECONDS * self._rate or (off < 0 and self._heard == 0):
            samples = samples[min(-off, len(samples)) :]
        if not len(samples):
            return []
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.reshape(1, -1)), format="s16", layout=self._layout
        )
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._heard, Fraction(1, self._rate)
        self._heard += len(samples)
        return [packet for part in self._resampler.resample(frame) for packet in self._stream.encode(part)]

    def rest(self) -> list[av.Packet]:
        """The last packets."""
        parts = [*self._resampler.resample(None)] if self._heard else []
        return [packet for part in [*parts, None] for packet in self._stream.encode(part)]


def _video_stream(container: OutputContainer, width: int, height: int) -> VideoStream:
    stream = container.add_stream("libx264", options=_ENCODER)
    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    context.width, context.height = width, height
    # 4:2:0 has no odd sizes in H.264.
    context.pix_fmt = "yuv444p" if width % 2 or height % 2 else "yuv420p"
    context.time_base = stream.time_base = _TICK
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    return stream


def _new_file(path: Path, replace: bool) -> _File:
    try:
        if replace:
            path.unlink(missing_ok=True)
        return _File(FileIO(path, "xb"))
    except FileExistsError:
        raise UsageError(f"{path} exists.", do="name another file, or add --force to replace it") from None
    except OSError as error:
        raise WriteError(f"Cannot write {path}.", found=error.strerror or str(error)) from error


def _join(fragments: Path, whole: Path) -> None:
    """Copy the packets into a file with one index, at its beginning."""
    with (
        av.open(f"file:{fragments}") as before,
        av.open(f"file:{whole}", "w", format="mp4", container_options={"movflags": "faststart"}) as after,
    ):
        streams = {stream.index: after.add_stream_from_template(stream) for stream in before.streams}
        for packet in before.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                after.mux(packet)
