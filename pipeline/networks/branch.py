"""The branch of a network of ours that gives each pixel a class: a file beside that of the network it reads.

`NAME-classes.safetensors` holds the branch alone and the digest of the arrays of `NAME.safetensors`, whose trunk and
pyramid it reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pipeline.errors import WeightsError
from pipeline.formats.own_file import arrays_digest, load_weights
from pipeline.networks.checkpoint_config import SEMANTIC
from pipeline.networks.source import NetworkSource

#: Key of that digest in a branch's metadata.
TRUNK = "trunk_arrays_sha256"

#: What the name of a branch's file adds to that of its network.
_ADDED = "-classes"

#: Parts of a network that its branch reads.
_READ = ("backbone/", "fpn/")


def branch_source(source: NetworkSource) -> NetworkSource | None:
    """Source of the branch of a network; None where it has none. Nothing is fetched."""
    path = source.known_path()
    if source.kind != "own" or path is None:
        return None
    beside = path.with_name(f"{path.stem}{_ADDED}{path.suffix}")
    return NetworkSource(str(beside), SEMANTIC, "pipeline.networks.semantic") if beside.is_file() else None


def trunk_arrays(branch: Path, metadata: Mapping[str, str], prefix: str) -> dict[str, NDArray[Any]]:
    """The arrays of the trunk that a branch reads, their names after `prefix`; none for a whole network.

    Raises WeightsError where the network is not beside the branch, or is another one.
    """
    if TRUNK not in metadata:
        return {}
    network = branch.with_name(f"{branch.stem.removesuffix(_ADDED)}{branch.suffix}")
    check_trunk(branch, metadata, network)
    arrays, _ = load_weights(network)
    return {f"{prefix}/{name}": value for name, value in arrays.items() if name.startswith(_READ)}


def check_trunk(branch: Path, metadata: Mapping[str, str], network: Path) -> None:
    """Raise WeightsError unless `network` is the file whose trunk the branch was trained on."""
    if not network.is_file() or arrays_digest(network) != metadata.get(TRUNK):
        raise WeightsError(
            f"{branch} reads the trunk of another network than {network.name}",
            found=f"the metadata {TRUNK} {metadata.get(TRUNK)}",
            do="keep both in one folder under the names that they came with, or train the branch anew",
        )
