"""A picture of how the losses fell."""

from __future__ import annotations

from pathlib import Path

from pipeline.training.history import read_history


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
