"""The mean of two weights files of one network, of which one was trained on from the other.

    python -m research.average_weights outputs/train/before.safetensors outputs/train/after.safetensors OUT.safetensors

What is halfway between a network and what further training on other pictures made of it keeps much of what each knows
(Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). The metadata is the second file's.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from pipeline.errors import SegVideoError, WeightsError
from pipeline.formats.own_file import load_weights, save_weights


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("before", "after", "output"):
        parser.add_argument(name, type=Path, metavar=f"{name.upper()}.safetensors")
    arguments = parser.parse_args()
    try:
        average(arguments.before, arguments.after, arguments.output)
    except SegVideoError as error:
        sys.exit(str(error))


def average(before: Path, after: Path, output: Path) -> None:
    """Write the mean of the two in float16. Raises WeightsError where they are not of one network."""
    first, described = load_weights(before)
    second, metadata = load_weights(after)
    misfits = sorted(
        name
        for name in first.keys() | second.keys()
        if name not in first or name not in second or first[name].shape != second[name].shape
    )
    if misfits or described.get("config") != metadata.get("config"):
        raise WeightsError(
            f"{before} and {after} are of two networks",
            found=f"{len(misfits)} arrays that do not fit, the first {misfits[:3]}"
            if misfits
            else "two configs",
            do="give weights of which one was trained on from the other",
        )
    mean = {name: ((first[name] + second[name]) / 2).astype(np.float16) for name in first}
    save_weights(output, mean, metadata)


if __name__ == "__main__":
    main()
