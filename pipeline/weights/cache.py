"""The cache: where published weights lie on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import platformdirs

from pipeline.files import PRIVATE
from pipeline.weights.catalog import CatalogEntry

#: Names the folder that is used instead of the user's own cache directory.
CACHE_VARIABLE = "SEG_VIDEO_CACHE"


@dataclass(frozen=True)
class WeightsCache:
    """A folder of weight files; a file under its published name is always whole.

    folder : holds the files; it need not exist yet.
    """

    folder: Path

    @classmethod
    def at(cls, folder: Path | None = None) -> WeightsCache:
        """The cache in `folder`, else in SEG_VIDEO_CACHE, else in the user's cache directory."""
        chosen = folder or os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_path("seg-video")
        return cls(Path(chosen).expanduser().absolute())

    def create(self) -> None:
        """Make the folder, for its owner alone."""
        self.folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)

    def published(self, entry: CatalogEntry) -> Path:
        """Path of the file as it was published."""
        return self.folder / entry.file_name

    def usable(self, entry: CatalogEntry) -> Path:
        """The path that a reader opens: the embedded or published file, or the needed member of an unpacked archive."""
        if entry.url is None:
            return entry.embedded_path
        return self.folder / PurePosixPath(entry.member) if entry.member else self.published(entry)

    def is_unpacked(self, entry: CatalogEntry) -> bool:
        """True if an archive's needed member is there; the folder it is in was renamed when it was whole."""
        place = self.usable(entry)
        wanted = place / "saved_model.pb" if entry.kind == "tf2_saved_model" else place
        return entry.member is not None and wanted.is_file() and wanted.stat().st_size > 0

    def holds(self, entry: CatalogEntry) -> bool:
        """True if it is here, by name and size: nothing is read, so that a listing is quick."""
        if entry.url is None:
            return entry.available
        if self.is_unpacked(entry):
            return True
        path = self.published(entry)
        return path.is_file() and entry.size_bytes in (None, path.stat().st_size)
