"""The catalog: which weights there are, where they come from and what is known of them.

The rows are data (data/catalog.json). A digest or a size that no publisher states is left out, never guessed.
"""

from __future__ import annotations

import difflib
import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.errors import UsageError

Kind = Literal["own", "torchvision_v1", "torchvision_v2", "matterport", "tf1_frozen_graph", "tf2_saved_model"]

#: Folder of the weights and programs that this package brings along.
DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class CatalogEntry:
    """One set of weights.

    name : what a user types.
    title : what it is called where it comes from.
    kind : which reader loads it.
    url : where it is published; None if it is embedded in this package.
    file_name : the published file's name.
    member : for an archive, what is needed of it: a path in the archive; None if the file is used as it is.
    sha256 : digest of the published file, 64 hex digits; None if it is not known.
    sha256_prefix : the digest's first digits, where the publisher put them into the file's name.
    size_bytes : size of the published file; None if it is not known.
    licence : licence of the weights.
    licence_source : where that licence is stated.
    label_map : which of the label maps names its class ids.
    box_ap, mask_ap : COCO AP x 100 as reported; None if it was not.
    ap_source : who reported it.
    input_size : shortest and longest side of the network's input in px, as trained; None if not settled.
    notes : what is special about it.
    """

    name: str
    title: str
    kind: Kind
    url: str | None
    file_name: str
    member: str | None
    sha256: str | None
    sha256_prefix: str | None
    size_bytes: int | None
    licence: str
    licence_source: str
    label_map: str
    box_ap: float | None
    mask_ap: float | None
    ap_source: str | None
    input_size: tuple[int, int] | None
    notes: str

    def __post_init__(self) -> None:
        if self.input_size is not None:
            object.__setattr__(self, "input_size", tuple(self.input_size))
        if self.sha256 and self.sha256_prefix and not self.sha256.startswith(self.sha256_prefix):
            raise ValueError(f"{self.name}: sha256 does not begin with {self.sha256_prefix}")

    @property
    def digest(self) -> str | None:
        """The beginning of the file's SHA-256: as many digits as are known."""
        return self.sha256 or self.sha256_prefix

    @property
    def embedded_path(self) -> Path:
        """Path of the file in this package, if it brings it along."""
        return DATA / self.file_name

    @property
    def available(self) -> bool:
        """True if it can be had at all: published somewhere, or embedded in this very version."""
        return self.url is not None or self.embedded_path.is_file()


@functools.cache
def catalog() -> tuple[CatalogEntry, ...]:
    """Every entry, in the order it is shown in."""
    rows = json.loads((DATA / "catalog.json").read_text(encoding="utf-8"))
    return tuple(CatalogEntry(**row) for row in rows)


def find(name: str) -> CatalogEntry:
    """The entry of that name; an unknown name is answered with the nearest one."""
    entries = {entry.name: entry for entry in catalog()}
    if name in entries:
        return entries[name]
    near = difflib.get_close_matches(name, entries, n=1, cutoff=0.4)
    raise UsageError(
        f"There are no weights called {name!r} in the catalog.",
        found=f"the catalog has {', '.join(entries)}",
        do=f"did you mean {near[0]!r}?" if near else "see `seg-video models`",
    )
