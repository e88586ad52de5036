"""StreamCut: the packets of a stream that belong to a film, which may be a part of its source."""

from __future__ import annotations

from math import ceil, floor

from av.packet import Packet

from pipeline.structures.timebase import to_pts
from pipeline.structures.video_info import VideoInfo

#: Packets before a part that a decoder of sound needs: one, whose second half adds to the next. MP3's begin in the
#: bytes of up to nine before them, and Vorbis's are short and long.
_LEADS = {"mp3": 10, "vorbis": 3}


class StreamCut:
    """Tells which packets of a stream besides the painted one a part keeps, in the order of the file.

    Of sound those that are heard in it, and those before that its decoder needs to begin: what lies before the part is
    hidden. Of a second video those from its first keyframe on. What else is seen at the border, such as a subtitle, is
    made shorter.

    begins_within : it begins later than the source.
    hidden : how many packets that it has kept lie before the part with all their length.
    """

    def __init__(self, info: VideoInfo, position: int) -> None:
        stream, part = info.streams[position], info.excerpt
        self._kind, self._is_picture = stream.kind, stream.is_picture
        self._lead = _LEADS.get(stream.codec, 1)
        self._time_base = stream.time_base
        self._begins = None if part is None else part.begins
        self._ends = None if part is None else part.ends
        self._begun = False
        self.begins_within = self._begins is not None
        self.hidden = 0

    def take(self, packet: Packet) -> bool:
        """True if the packet is kept; its times are then those within the part."""
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None or self._is_picture or (self._begins is None and self._ends is None):
            return True
        if self._kind == "video":
            return self._takes_picture(packet, time)
        if self._ends is not None and time >= ceil(self._ends / self._time_base):
            return False
        if self._kind == "audio":
            return self._takes_sound(packet, time)
        return self._takes_shown(packet, time)

    def _takes_sound(self, packet: Packet, time: int) -> bool:
        length, before = packet.duration or 0, self._last_tick_before()
        if self._ends is not None and length:
            packet.duration = min(length, to_pts(self._ends, self._time_base) - time)
        if before is None:
            return True
        self._begun = self._begun or time + (1 + self._lead) * length > before
        if not self._begun:
            return False
        self.hidden += time + length <= before
        return True

    def _takes_picture(self, packet: Packet, time: int) -> bool:
        """From the first keyframe of the part on, up to the last packet that is decoded before its end."""
        begins = None if self._begins is None else ceil(self._begins / self._time_base)
        self._begun = self._begun or begins is None or (packet.is_keyframe and time >= begins)
        if not self._begun:
            return False
        decoded = packet.dts if packet.dts is not None else time
        return self._ends is None or decoded < ceil(self._ends / self._time_base)

    def _takes_shown(self, packet: Packet, time: int) -> bool:
        begin, end = time, time + (packet.duration or 0)
        if self._begins is not None:
            border = to_pts(self._begins, self._time_base)
            if begin < border and end <= border:
                return False
            begin = max(begin, border)
        if self._ends is not None:
            end = max(min(end, to_pts(self._ends, self._time_base)), begin)
        if begin != time:
            packet.pts = packet.dts = begin
        if packet.duration:
            packet.duration = end - begin
        return True

    def _last_tick_before(self) -> int | None:
        return None if self._begins is None else floor(self._begins / self._time_base)
