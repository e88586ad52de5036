"""The check for packages that only training and measuring need."""

from __future__ import annotations

from importlib.util import find_spec

from pipeline.errors import ConfigError


def require_extra(work: str) -> None:
    """Raise ConfigError, before anything is computed, where a package of the `train` extra is missing.

    work : what needs it, such as `training`.
    """
    missing = [name for name in ("matplotlib", "pycocotools") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"{work} needs {' and '.join(missing)}, which the product alone does not",
            do="install the extra `train`: pip install 'seg-video[train]'",
        )
