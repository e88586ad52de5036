"""Spent: the cost of a piece of work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Spent:
    """The cost of work.

    cpu_seconds : of all cores together. gpu_seconds : for which a GPU was held, or a share of one, whether it computed
    or waited. bytes_in, bytes_out : fetched from storages, and put there.
    """

    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.cpu_seconds + other.cpu_seconds,
            self.gpu_seconds + other.gpu_seconds,
            self.bytes_in + other.bytes_in,
            self.bytes_out + other.bytes_out,
        )


NOTHING = Spent()
