"""Weights for the setting `start` of `compact_shufflenet` out of nanodet_m.onnx, which is published under Apache-2.0.

    python jobs/train/start_from_nanodet.py nanodet_m.onnx outputs/train/nanodet-start.safetensors

Needs the extra `train`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeline.errors import SegVideoError
from pipeline.training.nanodet_start import make_nanodet_start


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="nanodet_m.onnx")
    parser.add_argument("output", type=Path, metavar="OUT.safetensors")
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    try:
        count = make_nanodet_start(arguments.source, arguments.output)
    except SegVideoError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{arguments.output}: {count} arrays\n")


if __name__ == "__main__":
    main()
