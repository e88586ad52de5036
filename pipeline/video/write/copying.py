"""StreamCopy: one stream on its way from the source to the output, packet by packet."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from av.packet import Packet
from av.stream import Disposition, Stream

from pipeline.structures.timebase import rescale, to_pts
from pipeline.video.cut.stream_cut import StreamCut

#: Bytes of an ADTS header, which MP4 and Matroska leave off: without a check sum, and with one.
_ADTS_HEADER, _ADTS_CHECKED_HEADER = 7, 9

#: How far decoding of a copied video runs ahead, in seconds, where its container does not say.
_DECODING_LEAD = Fraction(1)

#: A tick longer than this is made finer, to about so many a second.
_COARSE, _FINE_CLOCK = Fraction(1, 1000), 90_000


class StreamCopy:
    """Passes packets on, their content untouched.

    source, target : positions of the stream in the two containers. kind : video, audio, ...
    cut : tells which packets belong to the film.
    time_base : seconds a tick: the source's, or a fraction of it where a part begins between two.
    has_edit_lists : the output can hide what lies before zero.
    has_codec_delay : it can for this stream, as what the decoder needs to begin.
    bare : what belongs to the source's container is taken off here, not by the writer.
    tick : seconds by which packets have to be apart in the output; the source's own ticks where they are coarser.
    """

    def __init__(
        self,
        stream: Stream,
        target: Stream,
        cut: StreamCut,
        shift_seconds: Fraction,
        *,
        has_edit_lists: bool,
        has_codec_delay: bool = False,
        tick: Fraction | None = None,
        bare: bool = False,
    ) -> None:
        # Plain values: a stream of a closed container is freed memory.
        self.source, self.target, self.kind = stream.index, target.index, stream.type
        self._finer = _finer(stream.time_base or Fraction(1)) if cut.begins_within else 1
        self.time_base = (stream.time_base or Fraction(1)) / self._finer
        self._shift = to_pts(shift_seconds, self.time_base)
        self._tick = max(tick or self.time_base, self.time_base)
        self._last_dts: int | None = None
        self._repaired = 0
        self._keeps_cut, self._begun = has_edit_lists, False
        self._earliest = None if has_edit_lists or has_codec_delay else 0
        self._cut, self.bare = cut, bare
        self._is_picture = Disposition.attached_pic in stream.disposition

    def take(self, packet: Packet) -> bool:
        """Give the packet the output's times; False if the source does not show it, or not at any time.

        What an edit list cuts off at the start goes along where the output has edit lists too: later packets
        may need it, and it stays cut off.
        """
        if packet.is_discard and (self._begun or not self._keeps_cut):
            return False
        if not self._cut.take(packet):
            return False
        if self._finer > 1:
            _refine(packet, self._finer)
        times = self._times(packet)
        if times is None:
            return False
        self._begun = self._begun or not packet.is_discard
        packet.pts, packet.dts = times
        return True

    def repair_note(self) -> str | None:
        """A sentence about packets whose times no container takes as they are; None if there was none."""
        if not self._repaired:
            return None
        return f"stream {self.source}: {self._repaired} packets were moved, as they run backwards or start too early"

    def _times(self, packet: Packet) -> tuple[int, int] | None:
        """pts and dts as the output can hold them; None without any time.

        Decoding times ascend, as every container demands; without edit lists nothing lies before zero.
        """
        times = [time - self._shift for time in (packet.pts, packet.dts) if time is not None]
        if not times and self._is_picture:
            times = [0]  # a cover has no time of its own
        if not times:
            return None
        pts, dts = times[0], times[-1]
        if packet.dts is None and self.kind == "video" and not self._is_picture:
            # Matroska stores no dts: any will do that ascends and runs ahead of the B-frames.
            dts = (
                pts - to_pts(_DECODING_LEAD, self.time_base) if self._last_dts is None else self._last_dts + 1
            )
        floor = self._earliest if self._last_dts is None else self._next(self._last_dts)
        moved = dts if floor is None else max(dts, floor)
        self._repaired += moved != dts
        self._last_dts = moved
        return max(pts, moved), moved

    def _next(self, dts: int) -> int:
        """The first time behind `dts` that is another one in the output too."""
        return rescale(rescale(dts, self.time_base, self._tick) + 1, self._tick, self.time_base)


def _finer(time_base: Fraction) -> int:
    """Number of ticks that one becomes: AVI counts whole packets of sound, and a part begins within one."""
    return max(ceil(time_base * _FINE_CLOCK), 1) if time_base > _COARSE else 1


def _refine(packet: Packet, finer: int) -> None:
    """Count the packet's times in ticks that are so much finer."""
    pts, dts, duration, time_base = packet.pts, packet.dts, packet.duration, packet.time_base
    packet.pts, packet.dts = (None if ticks is None else ticks * finer for ticks in (pts, dts))
    packet.duration, packet.time_base = (duration or 0) * finer, time_base / finer


def without_header(packet: Packet) -> Packet:
    """The packet without what belongs to the container that it is in; itself where nothing does."""
    content = payload(packet)
    if len(content) == packet.size:
        return packet
    made = Packet(content)
    made.pts, made.dts, made.duration, made.time_base = (
        packet.pts,
        packet.dts,
        packet.duration,
        packet.time_base,
    )
    made.is_keyframe = packet.is_keyframe
    return made


def payload(packet: Packet) -> bytes:
    """A packet's content without what belongs to the container it is in."""
    data = bytes(packet)
    context = packet.stream.codec_context
    is_aac = context is not None and context.name == "aac"
    if not is_aac or data[:1] != b"\xff" or data[1] & 0xF6 != 0xF0:
        return data
    return data[_ADTS_HEADER if data[1] & 1 else _ADTS_CHECKED_HEADER :]
