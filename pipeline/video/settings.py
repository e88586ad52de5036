"""DecodeSettings and EncodeSettings: how the source is read, and how the output video is encoded."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from pipeline.errors import ConfigError, UsageError
from pipeline.loading.choice import check_choice

#: What --encoder takes; auto is libx264, or libx265 where the source has more than 8 bit.
ENCODERS = ("auto", "libx264", "libx265", "libsvtav1", "h264_nvenc", "hevc_nvenc")

#: Constant quality of x264 where nothing else is asked for.
H264_CRF = 20

#: Frames that are worked on at once, where keyframes allow it and nothing else is asked for.
CHUNK_FRAMES = 96

#: Frames a second beyond which a number is no rate.
_FASTEST = 1000

#: What --damaged takes.
DAMAGED = ("keep-time", "drop")


@dataclass(frozen=True)
class DecodeSettings:
    """Settings of reading the source's frames.

    damaged : what becomes of a frame that does not decode. "keep-time": the last good one is shown in its
        place; "drop": it is left out, and the one before is shown longer. All others keep their times.
    deinterlace : make progressive frames of interlaced ones; otherwise they stay as they are.
    tone_map : make SDR of HDR, BT.709 with 8 bit; otherwise HDR stays as it is.
    start, end, duration : seconds of the film, from the first frame that is not before `start` to the last one before
        `end`, or before `duration` has passed; None for the film's own. These frames are then all there is.
    keep_times : of such a part; otherwise its first frame is shown at 0.
    frames_as_video : frames a second of a film that is a folder of frames, as 25, 29.97 or 30000/1001; None: sources
        are videos.
    """

    damaged: str = "keep-time"
    deinterlace: bool = False
    tone_map: bool = False
    start: float | None = None
    end: float | None = None
    duration: float | None = None
    keep_times: bool = False
    frames_as_video: str | None = None

    @property
    def names_part(self) -> bool:
        """True where only a part of the film is asked for."""
        return (self.start, self.end, self.duration) != (None, None, None)

    def __post_init__(self) -> None:
        check_choice("damaged must say what becomes of frames that do not decode.", self.damaged, DAMAGED)
        if self.frames_as_video is not None and not _is_rate(self.frames_as_video):
            raise ConfigError(
                "frames-as-video must be frames a second, up to 1000.",
                found=self.frames_as_video,
                do="give a number such as 25, 29.97 or 30000/1001",
            )
        if self.end is not None and self.duration is not None:
            raise UsageError("end and duration exclude each other.", do="leave out one of them")
        if self.start is not None and self.start < 0:
            raise ConfigError("start must be 0 or more.", found=f"{self.start:g} s", do="leave it out")
        if self.end is not None and self.end <= (self.start or 0):
            raise ConfigError(
                "end must lie behind start.",
                found=f"{self.start or 0:g} s to {self.end:g} s",
                do="give a later end",
            )
        if self.duration is not None and self.duration <= 0:
            raise ConfigError(
                "duration must be more than 0.", found=f"{self.duration:g} s", do="leave it out"
            )


def _is_rate(text: str) -> bool:
    """True for a rate that containers can hold: a fraction of two numbers of up to nine digits, above 0."""
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return False
    return 0 < rate <= _FASTEST and max(rate.numerator, rate.denominator) < 10**9


@dataclass(frozen=True)
class EncodeSettings:
    """Settings of encoding the output video; a change redoes render and mux.

    encoder : one of ENCODERS.
    crf : constant quality, the encoder's own scale, smaller is better; None for the encoder's default here.
    preset : the encoder's own name for speed against size; None for the default here.
    fast : a quicker default preset, for a larger file; the network looks at every 3rd frame too.
    bitrate : bits a second, instead of constant quality; None for constant quality.
    threads : of one encoder; the parts of a video are encoded side by side, and its bytes depend on the
    number.
    """

    encoder: str = "auto"
    crf: int | None = None
    preset: str | None = None
    fast: bool = False
    bitrate: int | None = None
    threads: int = 1

    def __post_init__(self) -> None:
        check_choice("encoder must name an encoder.", self.encoder, ENCODERS)
        if self.crf is not None and not 0 <= self.crf <= 63:
            raise ConfigError(
                "crf must lie in 0..63.", found=str(self.crf), do=f"leave it out, or try {H264_CRF}"
            )
        if self.bitrate is not None and self.bitrate < 1000:
            raise ConfigError("bitrate is in bits a second.", found=str(self.bitrate), do="try 4000000")
        if self.crf is not None and self.bitrate is not None:
            raise ConfigError("crf and bitrate exclude each other.", do="leave out one of them")
        if self.threads < 1:
            raise ConfigError("threads must be at least 1.", found=str(self.threads))
