"""StreamCopy: one stream on its way from the source to the output, packet by packet."""

from __future__ import annotations

import hashlib
from fractions import Fraction

from av.packet import Packet
from av.stream import Stream

from pipeline.structures.timebase import to_pts

#: Bytes of an ADTS header, which MP4 and Matroska leave off: without a check sum, and with one.
_ADTS_HEADER, _ADTS_CHECKED_HEADER = 7, 9


class StreamCopy:
    """Passes packets on untouched, and remembers what was passed, to compare it with what has been written.

    source, target : positions of the stream in the two containers. kind : video, audio, ...
    time_base : of the source's stream, seconds a tick.
    pts : times of the packets so far, in these ticks and in the output's time.
    """

    def __init__(self, stream: Stream, target: Stream, shift_seconds: Fraction) -> None:
        # Plain values: a stream of a closed container is freed memory.
        self.source, self.target, self.kind = stream.index, target.index, stream.type
        self.time_base = stream.time_base or Fraction(1)
        self.pts: list[int] = []
        self._hash = hashlib.sha256()
        self._shift = to_pts(shift_seconds, self.time_base)
        self._last_dts: int | None = None
        self._repaired = 0
        self._begun = False

    @property
    def count(self) -> int:
        """Packets passed so far."""
        return len(self.pts)

    @property
    def digest(self) -> str:
        """SHA-256 of all their content, in order."""
        return self._hash.hexdigest()

    def take(self, packet: Packet) -> bool:
        """Give the packet the output's times; False if the source does not show it, or not at any time.

        What an edit list cuts off at the start goes along: later packets may need it, and it stays cut off.
        """
        times = self._times(packet)
        if times is None or (packet.is_discard and self._begun):
            return False
        self._begun = self._begun or not packet.is_discard
        packet.pts, packet.dts = times
        self.pts.append(packet.pts)
        self._hash.update(payload(packet))
        return True

    def repair_note(self) -> str | None:
        """A sentence about packets whose times no container takes as they are; None if there was none."""
        if not self._repaired:
            return None
        return f"stream {self.source}: {self._repaired} packets with times that run backwards were moved"

    def _times(self, packet: Packet) -> tuple[int, int] | None:
        """pts and dts, shifted; decoding times ascend, as every container demands. None without any time."""
        pts = packet.pts if packet.pts is not None else packet.dts
        dts = packet.dts if packet.dts is not None else packet.pts
        if pts is None or dts is None:
            return None
        pts, dts = pts - self._shift, dts - self._shift
        if self._last_dts is not None and dts <= self._last_dts:
            dts = self._last_dts + 1
            pts = max(pts, dts)
            self._repaired += 1
        self._last_dts = dts
        return pts, dts


def payload(packet: Packet) -> bytes:
    """A packet's content without what belongs to the container it is in."""
    data = bytes(packet)
    stream = packet.stream
    is_adts = stream.type == "audio" and stream.codec_context.name == "aac" and data[:1] == b"\xff"
    if not is_adts or data[1] & 0xF6 != 0xF0:
        return data
    return data[_ADTS_HEADER if data[1] & 1 else _ADTS_CHECKED_HEADER :]
