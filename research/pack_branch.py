r"""The branch that ships, out of a finished training of a `panoptic_fpn`: without the trunk, in float16.

    python -m research.pack_branch outputs/train/.../weights.safetensors NETWORK.safetensors --training SETTINGS

writes NETWORK-classes.safetensors beside the network whose trunk it was trained on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from pipeline.errors import ConfigError, SegVideoError
from pipeline.formats.branch_file import TRUNK, read_trunk, trunk_digest
from pipeline.formats.own_file import load_weights, save_weights

_LICENCE = "personal and research use: that of the pictures of CamVid, on which it was trained"


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="WEIGHTS.safetensors")
    parser.add_argument("network", type=Path, metavar="NETWORK.safetensors")
    parser.add_argument("--training", required=True, help="the settings of its training, as a note")
    arguments = parser.parse_args()
    try:
        pack(arguments.source, arguments.network, arguments.training)
    except SegVideoError as error:
        sys.exit(str(error))


def pack(source: Path, network: Path, training: str) -> Path:
    """Write the branch; the path of its file.

    Raises ConfigError where the trunk of `source` is not that of `network`, as it is when it has moved.
    """
    arrays, metadata = load_weights(source)
    trunk = read_trunk(network)
    branch = {}
    for name, array in arrays.items():
        own = name.partition("/")[2]
        if own not in trunk:
            branch[name] = array.astype(np.float16)
        # The moving average of what never moves differs in the last bits.
        elif not np.allclose(array, trunk[own], rtol=1e-4, atol=1e-6):
            raise ConfigError(f"{source} has another trunk than {network}.", found=own)
    notes = {TRUNK: trunk_digest(trunk), "licence": _LICENCE, "training_config": training}
    output = network.with_name(f"{network.stem}-classes{network.suffix}")
    save_weights(output, branch, {**{key: metadata[key] for key in ("format", "config", "kind")}, **notes})
    return output


if __name__ == "__main__":
    main()
