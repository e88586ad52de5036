"""What identifies weights: the SHA-256 of their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.errors import WeightsError


def weights_digest(model: str) -> str:
    """SHA-256 of a catalog entry's file or of a path; a folder's is that of its files in order of name.

    Weights that are not on this machine yet are fetched. Raises WeightsError, UsageError.
    """
    path = Path(model)
    if not path.exists():
        path = _fetched(model)
    digest = hashlib.sha256()
    files = sorted(entry for entry in path.rglob("*") if entry.is_file()) if path.is_dir() else [path]
    try:
        for file in files:
            digest.update(file.relative_to(path).as_posix().encode())
            with file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
    except OSError as error:
        raise WeightsError(f"The weights {path} cannot be read.", found=str(error)) from error
    return digest.hexdigest()


def _fetched(model: str) -> Path:
    from pipeline.weights.catalog import find
    from pipeline.weights.fetch import fetch

    if Path(model).suffix in (".safetensors", ".pth", ".pt", ".h5", ".hdf5", ".pb"):
        raise WeightsError(f"There are no weights at {model}.", do="check the path")
    return fetch(find(model))
