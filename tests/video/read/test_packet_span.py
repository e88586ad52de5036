"""PacketSpan: checked on construction."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pipeline.video.read.packet_span import PacketSpan


def test_a_span_of_packets_has_as_many_bytes_as_its_sizes_say() -> None:
    columns = {"sizes": np.array([3, 2]), "pts": np.array([0, 1]), "keys": np.array([True, False])}
    header = ("h264", "avc1", b"", 4, 4, 0, Fraction(1, 25))
    assert PacketSpan(*header, payload=b"12345", **columns).nbytes == 5 + 16 + 16 + 2
    with pytest.raises(ValueError, match="expected 5 bytes, found 4"):
        PacketSpan(*header, payload=b"1234", **columns)
