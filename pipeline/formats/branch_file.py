"""The branch of a network of ours that gives each pixel a class: a file beside that of the network it reads.

`NAME-classes.safetensors` holds the branch alone and a digest of the trunk and pyramid that it reads, which are those
of `NAME.safetensors`. The heads of that network may be trained on without it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pipeline.errors import WeightsError
from pipeline.formats.own_file import load_weights

#: Key of that digest in a branch's metadata.
TRUNK = "trunk_sha256"

#: What the name of a branch's file adds to that of its network.
_ADDED = "-classes"

#: Beginnings of the names of what a branch reads.
_READ = ("backbone/", "fpn/")


def branch_path(network: Path) -> Path | None:
    """Path of the branch beside a network's file; None where there is none."""
    beside = network.with_name(f"{network.stem}{_ADDED}{network.suffix}")
    return beside if beside.is_file() else None


def trunk_arrays(branch: Path, metadata: Mapping[str, str], prefix: str) -> dict[str, NDArray[Any]]:
    """The arrays of the trunk that a branch reads, their names after `prefix`; none for a whole network.

    Raises WeightsError where the network is not beside the branch, or is another one.
    """
    if TRUNK not in metadata:
        return {}
    network = branch.with_name(f"{branch.stem.removesuffix(_ADDED)}{branch.suffix}")
    return {f"{prefix}/{name}": value for name, value in checked_trunk(branch, metadata, network).items()}


def checked_trunk(branch: Path, metadata: Mapping[str, str], network: Path) -> dict[str, NDArray[Any]]:
    """Arrays of the trunk in the file `network`. Raises WeightsError unless the branch was trained on this trunk."""
    trunk = read_trunk(network) if network.is_file() else {}
    if trunk_digest(trunk) != metadata.get(TRUNK):
        raise WeightsError(
            f"{branch} reads the trunk of another network than {network.name}.",
            found="another digest than its metadata tell",
            do="keep both in one folder under the names that they came with, or train the branch anew",
        )
    return trunk


def read_trunk(network: Path) -> dict[str, NDArray[Any]]:
    """Arrays of trunk and pyramid in the file of a network. Raises WeightsError."""
    arrays, _ = load_weights(network)
    return {name: value for name, value in arrays.items() if name.startswith(_READ)}


def trunk_digest(trunk: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 of a trunk's arrays, as wide as they are read."""
    digest = hashlib.sha256()
    for name in sorted(trunk):
        digest.update(name.encode() + b"\0" + trunk[name].astype("<f4").tobytes())
    return digest.hexdigest()
