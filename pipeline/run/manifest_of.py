"""A Run as the manifest that is written down when it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from pipeline.record.manifest import Manifest, Weights
from pipeline.record.versions import versions
from pipeline.run.run import Run


def manifest_of(run: Run, marks: Mapping[str, str]) -> Manifest:
    """The manifest of a run. marks : fingerprint of each pass."""
    network = run.network
    asked = asdict(run.asked)
    asked["segment"]["model"] = network.model
    return Manifest(
        source=run.source,
        output=str(run.layout.output),
        settings=asked,
        weights=Weights(
            network.model, network.sha256, network.runtime, network.stored, network.arrays_sha256
        ),
        class_names=dict(network.class_names),
        fingerprints=dict(marks),
        chunks=tuple((chunk.start, chunk.stop) for chunk in run.chunks),
        frames=run.info.frame_count,
        seconds=float(run.info.duration_seconds),
        versions=versions(),
    )
