"""A mean of two weights files of one network, of which one was trained on from the other.

    python -m research.average_weights before.safetensors after.safetensors OUT.safetensors --share 0.6666666666666666

What is part of the way from a network to what further training on other pictures made of it keeps much of what each
knows (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). The metadata is the second file's.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

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
    parser.add_argument("--share", type=float, default=0.5, help="of the later file in the mean (0.5)")
    arguments = parser.parse_args()
    try:
        average(arguments.before, arguments.after, arguments.output, arguments.share)
    except SegVideoError as error:
        sys.exit(str(error))


def average(before: Path, after: Path, output: Path, share: float = 0.5) -> None:
    """Write the mean of the two, with that share of `after`, in float16.

    Raises WeightsError where they are not of one network.
    """
    first, described = load_weights(before)
    second, metadata = load_weights(after)
    misfits = sorted(
        name
        for name in first.keys() | second.keys()
        if name not in first or name not in second or first[name].shape != second[name].shape
    )
    if misfits or _network(described) != _network(metadata):
        raise WeightsError(
            f"{before} and {after} are of two networks.",
            found=f"{len(misfits)} arrays that do not fit, the first {misfits[:3]}"
            if misfits
            else "two configs",
            do="give weights of which one was trained on from the other",
        )
    mean = {name: (first[name] + (second[name] - first[name]) * share).astype(np.float16) for name in first}
    save_weights(output, mean, metadata)


def _network(metadata: dict[str, str]) -> dict[str, Any]:
    """The config without what only training reads, which may differ between two sittings."""
    described: dict[str, Any] = json.loads(metadata["config"])
    described.pop("training", None)
    return described


if __name__ == "__main__":
    main()
