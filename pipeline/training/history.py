"""History: the losses of a run as a CSV file that goes on where a resumed run goes on, and their curve."""

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


def plot_losses(history: Path, path: Path) -> None:
    """Write the losses of a history as a PNG: their sum and each of its parts over the steps."""
    # Of the `train` extra, and slow to import.
    from matplotlib.figure import Figure

    rows = read_history(history)
    names = (
        [name for name in rows[0] if name not in ("step", "pictures_per_second", "learning_rate")]
        if rows
        else []
    )
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for name in names:
        axes.plot([row["step"] for row in rows], [row[name] for row in rows], label=name.replace("_", " "))
    axes.set(xlabel="step", ylabel="loss", yscale="log", title="training losses")
    if names:
        axes.legend()
    figure.savefig(path, dpi=110)
