"""History: the losses of a run as a CSV file that goes on where a resumed run goes on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import refused, write_whole


class History:
    """Rows of step, pictures a second and losses; rows behind step `first`, where the run goes on, are dropped.

    Raises UsageError for another file of that name, WriteError where the system refuses to write.
    """

    def __init__(self, path: Path, first: int) -> None:
        self.path = path
        kept = [row for row in read_history(path) if row["step"] <= first] if path.is_file() else []
        if kept:  # the old rows stay until the new file is whole, without one that was cut off
            write_whole(path, "".join((_line(kept[0]), *(_line(row.values()) for row in kept))).encode())
        elif path.is_file():
            path.unlink()

    def add(self, row: Mapping[str, float]) -> None:
        """Write a row; the first names the columns."""
        names = "" if self.path.is_file() else _line(row)
        try:
            with self.path.open("a", newline="") as file:
                file.write(names + _line(row.values()))
        except OSError as error:
            raise refused(self.path, error) from error


def read_history(path: Path) -> list[dict[str, float]]:
    """The rows of a history, but for one that a full disk or a power cut has cut off. Raises UsageError for none."""
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.DictReader(file)
        if "step" not in (rows.fieldnames or ["step"]):
            raise UsageError(
                f"{path} is no history of losses.",
                found="a first line without the column step",
                do="move it away, or name another output",
            )
        return list(_whole(rows))


def _whole(rows: csv.DictReader[str]) -> Iterator[dict[str, float]]:
    for row in rows:
        try:
            yield {name: float(value) for name, value in row.items()}
        except (TypeError, ValueError):  # fewer columns, or half a number
            continue


def _line(values: Iterable[str | float]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(value if isinstance(value, str) else f"{value:.6g}" for value in values)
    return text.getvalue()
