"""The manifest of a Run, with the versions of the software that makes it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

from pipeline import __version__
from pipeline.record.manifest import Manifest, UsedWeights
from pipeline.run.run import Run


def manifest_of(run: Run, marks: Mapping[str, str]) -> Manifest:
    """The manifest of a run. marks : fingerprint of each pass."""
    network = run.network
    asked = asdict(run.asked)
    asked["segment"]["model"] = network.model
    return Manifest(
        source=run.source,
        output=str(run.target),
        settings=asked,
        weights=UsedWeights(network.model, network.sha256, network.runtime, network.stored),
        class_names=dict(network.class_names),
        pixel_classes=None if network.classes is None else network.classes.by_name,
        fingerprints=dict(marks),
        chunks=tuple((chunk.start, chunk.stop) for chunk in run.chunks),
        frames=run.film.frame_count,
        seconds=float(run.film.duration_seconds),
        versions=_versions(),
    )


_PACKAGES = ("openvino", "tensorflow", "keras", "ray", "av", "numpy", "pyarrow")


def _versions() -> dict[str, str]:
    """Version of this program, of Python, and of each package that affects results."""
    found = {"seg-video": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
