"""Tables of documentation pages that a benchmark writes, between its own two marks."""

from __future__ import annotations

from pathlib import Path

_END = "<!-- end of the table -->"


def write_table(page: Path, benchmark: str, table: str) -> None:
    """Replace what stands between the page's marks. benchmark : its file's name, which the first mark carries."""
    begin = f"<!-- table: benchmarks/{benchmark} -->"
    before, rest = page.read_text(encoding="utf-8").split(begin)
    _, after = rest.split(_END)
    page.write_text(f"{before}{begin}\n\n{table}\n\n{_END}{after}", encoding="utf-8")
