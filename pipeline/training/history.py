"""History: the losses of a run as a CSV file that goes on where a resumed run goes on."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path


class History:
    """Rows of step, pictures a second and losses; rows behind step `first`, where the run goes on, are dropped."""

    def __init__(self, path: Path, first: int) -> None:
        self.path = path
        kept = [row for row in read_history(path) if row["step"] <= first] if path.is_file() else []
        if path.is_file():
            path.unlink()
        for row in kept:
            self.add(row)

    def add(self, row: Mapping[str, float]) -> None:
        """Write a row; the first names the columns."""
        fresh = not self.path.is_file()
        with self.path.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if fresh:
                writer.writeheader()
            writer.writerow({name: f"{value:.6g}" for name, value in row.items()})


def read_history(path: Path) -> list[dict[str, float]]:
    """The rows of a history."""
    with path.open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
