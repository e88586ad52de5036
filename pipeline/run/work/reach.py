"""Check that a worker can read the same source as the driver."""

from __future__ import annotations

from pipeline.errors import InputError, UsageError
from pipeline.structures.address import Place
from pipeline.video.read.packet_span import PacketSpan
from pipeline.video.read.source import size_of


class OutOfReachError(InputError):
    """A worker cannot read the source; it needs the chunk's packets."""


def check_reach(path: Place, size: int, packets: PacketSpan | None) -> None:
    """Raise OutOfReachError unless the packets are given, or the source exists with the expected size."""
    if packets is not None:
        return
    try:
        found = size_of(path)
    except (InputError, UsageError) as error:
        raise OutOfReachError(f"{path} cannot be read here.", found=str(error)) from error
    if found != size:
        raise OutOfReachError(f"{path} is another file here.", found=f"{found} bytes instead of {size}")
