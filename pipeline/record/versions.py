"""Which versions a run was made with."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from pipeline import __version__

_PACKAGES = ("tensorflow", "keras", "ray", "av", "numpy", "pyarrow")


def versions() -> dict[str, str]:
    """Version of this program, of Python, and of each package that its results rest on."""
    found = {"seg-video": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
