"""A picture of how the losses fell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.files import whole_stream
from pipeline.training.history import read_history

#: Columns of a history that are no losses.
_OTHERS = ("step", "pictures_per_second", "learning_rate", "pixel_accuracy")


def plot_losses(history: Path, path: Path, metrics: Path | None = None) -> None:
    """Write the losses of a history as a PNG: their sum and each of its parts over the steps.

    metrics : a history of figures in 0..1, which are drawn beside them if it is there, with those of the pictures that
        were trained on.
    """
    # Of the `train` extra, and slow to import.
    from matplotlib.figure import Figure

    rows = read_history(history)
    names = [name for name in rows[0] if name not in _OTHERS] if rows else []
    measured = read_history(metrics) if metrics is not None and metrics.is_file() else []
    figure = Figure(figsize=(8 if not measured else 13, 5), layout="constrained")
    axes, *beside = figure.subplots(1, 2 if measured else 1, squeeze=False).flat
    for name in names:
        _curve(axes, rows, name)
    axes.set(xlabel="step", ylabel="loss", yscale="log", title="training losses")
    if names:
        axes.legend()
    for other in beside:
        for name in measured[0]:
            if name != "step":
                _curve(other, measured, name, marker="o")
        if "pixel_accuracy" in rows[0]:
            _curve(other, rows, "pixel_accuracy", label="pixel accuracy of training", linewidth=0.7)
        other.set(xlabel="step", ylim=(0, 1), title="averaged weights on held-out pictures")
        other.legend()
    with whole_stream(path) as stream:
        figure.savefig(stream, format="png", dpi=110)


def _curve(axes: Any, rows: list[dict[str, float]], name: str, **how: Any) -> None:
    label = how.pop("label", name.replace("_", " "))
    axes.plot([row["step"] for row in rows], [row[name] for row in rows], label=label, **how)
