"""The identity of weights: the SHA-256 of their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.errors import WeightsError
from pipeline.files import digest_of


def weights_digest(model: str) -> str:
    """SHA-256 of a catalog entry's file or of a path, as `sha256sum` prints it.

    A folder's is that of the names and contents of its files, in order of name.

    Weights that are not on this machine yet are fetched. Raises WeightsError, UsageError.
    """
    path = Path(model)
    if not path.exists():
        path = _fetched(model)
    try:
        return _folder_digest(path) if path.is_dir() else digest_of(path)
    except OSError as error:
        raise WeightsError(f"The weights {path} cannot be read.", found=str(error)) from error


def _folder_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(entry for entry in folder.rglob("*") if entry.is_file()):
        digest.update(f"{file.relative_to(folder).as_posix()}\0{digest_of(file)}\n".encode())
    return digest.hexdigest()


def _fetched(model: str) -> Path:
    from pipeline.weights.catalog import find
    from pipeline.weights.fetch import fetch

    if Path(model).suffix or len(Path(model).parts) > 1:  # no name of the catalog has an ending or folders
        raise WeightsError(f"There are no weights at {model}.", do="check the path")
    return fetch(find(model))
