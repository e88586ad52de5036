"""Set a branch on the trunk and pyramid of other weights, as a start for training it on.

    python -m research.move_branch TRAINED.safetensors pipeline/weights/data/dashcam-lite.safetensors START.safetensors

When dashcam-lite gets new weights its branch reads other numbers, and is refused until it has been trained on them.
What it has learnt is nearly right still: a short sitting from here is enough.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from pipeline.formats.own_file import load_weights


def move_branch(trained: Path, network: Path, start: Path) -> int:
    """Write the weights of a trained branch with the other network's trunk and pyramid; the number of arrays taken.

    Raises WeightsError where a file is none of ours.
    """
    arrays, metadata = load_weights(trained)
    theirs = {f"panoptic_fpn/{name}": value for name, value in load_weights(network)[0].items()}
    taken = [name for name in theirs if name in arrays and arrays[name].shape == theirs[name].shape]
    arrays |= {name: theirs[name].astype(arrays[name].dtype) for name in taken}
    save_file({name: np.ascontiguousarray(value) for name, value in arrays.items()}, start, metadata)
    return len(taken)


if __name__ == "__main__":
    sys.stdout.write(f"{move_branch(*map(Path, sys.argv[1:]))} arrays taken over\n")
