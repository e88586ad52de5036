"""PCM, which containers cut into packets as they like: what stays is where it has gaps, and where it begins."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from av.audio.codeccontext import AudioCodecContext
from av.stream import Stream

from pipeline.structures.timebase import to_pts


def bytes_a_second(stream: Stream) -> int:
    """Bytes of a second of a stream of PCM; 0 of any other."""
    context = stream.codec_context
    if not isinstance(context, AudioCodecContext) or not context.name.startswith("pcm_"):
        return 0
    return (context.bit_rate or 0) // 8


def stretches(pts: Sequence[int], sizes: Sequence[int], time_base: Fraction, rate: int) -> list[int]:
    """The times at which stretches without a gap begin, in ticks of `time_base`.

    A packet goes on with a stretch if it comes when the samples before it are over, to the tick. QuickTime holds one
    stretch alone: it counts samples.

    Parameters
    ----------
    pts, sizes : time and bytes of each packet, in their order.
    rate : bytes of a second.

    """
    begins: list[int] = []
    heard = 0
    for time, size in zip(pts, sizes, strict=True):
        if not begins or abs(time - begins[-1] - to_pts(Fraction(heard, rate), time_base)) > 1:
            begins.append(time)
            heard = 0
        heard += size
    return begins
