"""The words for where a network is computed, and in which numbers."""

from __future__ import annotations

#: Devices; auto is the GPU if there is one.
DEVICES = ("auto", "cpu", "gpu")

#: Number formats; auto is the fastest on this machine without rounding to 8 bits.
PRECISIONS = ("auto", "float32", "bfloat16", "int8")
