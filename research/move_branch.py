"""Set a branch on the trunk, pyramid and canvas of other weights.

    python -m research.move_branch BRANCH.safetensors pipeline/weights/data/dashcam-lite.safetensors OUT.safetensors

BRANCH is a finished training or a branch that ships. Where dashcam-lite has new weights its branch reads other numbers
and is refused until it is moved: what it has learnt is nearly right still. OUT is a start for a short sitting, or,
where the figures hold without one, what `research.pack_branch` makes a branch of.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.errors import SegVideoError
from pipeline.formats.branch_file import TRUNK, read_trunk
from pipeline.formats.own_file import load_weights, read_metadata, save_weights
from pipeline.networks.checkpoint_config import own_config
from pipeline.networks.semantic import semantic_config
from pipeline.training.semantic.start import pyramid_of


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("branch", type=Path, metavar="BRANCH.safetensors")
    parser.add_argument("network", type=Path, metavar="NETWORK.safetensors")
    parser.add_argument("output", type=Path, metavar="OUT.safetensors")
    arguments = parser.parse_args()
    try:
        move_branch(arguments.branch, arguments.network, arguments.output)
    except SegVideoError as error:
        sys.exit(str(error))


def move_branch(branch: Path, network: Path, output: Path) -> None:
    """Write the branch with the trunk, pyramid and canvas of the network. Raises WeightsError for files not ours."""
    arrays, metadata = load_weights(branch)
    metadata.pop(TRUNK, None)
    own = {name: value for name, value in arrays.items() if "/branch/" in name}
    trunk = {f"panoptic_fpn/{name}": value for name, value in read_trunk(network).items()}
    config = semantic_config(branch, metadata)
    seen = own_config(network, read_metadata(network))
    config = replace(config, **pyramid_of(network), input=seen.input)
    whole = {name: value.astype(np.float32) for name, value in (own | trunk).items()}
    save_weights(output, whole, {**metadata, "config": config.to_json()})


if __name__ == "__main__":
    main()
