"""The packages that only measuring and training need."""

from __future__ import annotations

from importlib.util import find_spec

from pipeline.errors import ConfigError


def require_extra() -> None:
    """Raise ConfigError, before anything is computed, where a package of the `train` extra is missing."""
    missing = [name for name in ("matplotlib", "pycocotools") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"measuring needs {' and '.join(missing)}",
            do="install the extra `train`: pip install 'seg-video[train]'",
        )
