"""PacketSpan: the compressed packets of a chunk, for a worker that can't see the source."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

#: Stands for the time of a packet that becomes no frame of the video.
NO_PTS = int(np.iinfo(np.int64).min)


@dataclass(frozen=True, eq=False)
class PacketSpan:
    """P packets of one video stream in decoding order, and what a decoder has to be told before the first.

    codec : FFmpeg's name of the decoder.
    codec_tag : the container's four characters for the format.
    extradata : the decoder's own header, empty where packets carry it.
    width, height : coded size, in px.
    bits_per_coded_sample : some formats say only here how deep they are; 0 where unused.
    time_base : seconds a tick.
    payload : the packets' bytes, one after the other.
    sizes : int64 [P], bytes a packet.
    pts : int64 [P], NO_PTS for a packet without.
    keys : bool [P], whether decoding can start at the packet.
    """

    codec: str
    codec_tag: str
    extradata: bytes
    width: int
    height: int
    bits_per_coded_sample: int
    time_base: Fraction
    payload: bytes
    sizes: NDArray[np.int64]
    pts: NDArray[np.int64]
    keys: NDArray[np.bool_]

    def __post_init__(self) -> None:
        packets = len(self.sizes)
        expected = {"sizes": np.int64, "pts": np.int64, "keys": np.bool_}
        for name, dtype in expected.items():
            column = getattr(self, name)
            if column.shape != (packets,) or column.dtype != dtype:
                raise ValueError(
                    f"PacketSpan.{name}: expected {np.dtype(dtype).name} [{packets}], "
                    f"found {column.dtype.name} {list(column.shape)}"
                )
        if int(self.sizes.sum()) != len(self.payload):
            raise ValueError(
                f"PacketSpan.payload: expected {int(self.sizes.sum())} bytes, found {len(self.payload)}"
            )

    @property
    def nbytes(self) -> int:
        """Its size on the way to a worker, in bytes."""
        return (
            len(self.payload) + len(self.extradata) + self.sizes.nbytes + self.pts.nbytes + self.keys.nbytes
        )
