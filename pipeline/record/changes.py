"""The changes between a run as it was begun and as it is requested now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.errors import RunInTheWayError
from pipeline.record.manifest import Manifest

#: Settings that do not change the output.
_SILENT = {"run"}


def redone_passes(old: Manifest, new: Manifest) -> list[str]:
    """The passes whose stored results no longer apply, in order."""
    return [name for name, mark in new.fingerprints.items() if old.fingerprints.get(name) != mark]


def changed_things(old: Manifest, new: Manifest) -> list[str]:
    """The differences, a few words each."""
    found = []
    if old.source.sha256 != new.source.sha256:
        found.append("the content of the input")
    if old.weights != new.weights:
        same = old.weights.sha256 == new.weights.sha256
        name = "runtime" if same and old.weights.runtime != new.weights.runtime else "model"
        found.append(f"{name}: {getattr(old.weights, name)} -> {getattr(new.weights, name)}")
    found += _differences(old.settings, new.settings)
    if old.chunks != new.chunks:
        found.append(f"chunks: {len(old.chunks)} -> {len(new.chunks)}")
    return found


def refuse_other_input(old: Manifest, new: Manifest) -> None:
    """Raise RunInTheWayError if the run is of a different video."""
    if old.source.path != new.source.path and old.source.sha256 != new.source.sha256:
        raise RunInTheWayError(
            f"A run of another input is in the way of {new.output}.",
            found=f"input: {old.source.path} -> {new.source.path}",
            do="name another output, or add --force to discard that run",
        )


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for room, settings in new.items():
        if room in _SILENT:
            continue
        before = old.get(room, {})
        for key, value in settings.items():
            if key not in before and value is False:
                continue  # a switch that the version which wrote the old manifest did not have
            if _plain(before.get(key)) != _plain(value) and key not in (
                "model",
                "device",
                "precision",
                "batch",
            ):
                yield f"{key.replace('_', '-')}: {_short(before.get(key))} -> {_short(value)}"


def _plain(value: Any) -> Any:
    """The value as JSON gives it back."""
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _short(value: Any) -> str:
    return ",".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)
