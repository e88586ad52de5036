r"""Weights for the setting `start` out of published networks.

    python -m research.start_from nanodet nanodet_m.onnx outputs/train/nanodet-start.safetensors
    python -m research.start_from nanodet-plus nanodet-plus-m_416.bin outputs/train/nanodet-plus-start.safetensors
    python -m research.start_from picodet picodet-s-416.bin outputs/train/picodet-start.safetensors
    python -m research.start_from mobilenet tf2_mobilenet_v2_1.0_224_ptq.tflite \
        outputs/train/mobilenet-start.safetensors
    python -m research.start_from squeezenet squeezenet_notop.h5 outputs/train/squeezenet-start.safetensors

For `network: compact_shufflenet` twice, `compact_esnet`, `compact_mobilenet` and `compact_squeezenet`, in this order;
needs the extra `train`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeline.errors import SegVideoError
from research.foreign_start import FOREIGN, make_foreign_start


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=FOREIGN, help="which published network it is")
    parser.add_argument("source", type=Path, metavar="FILE", help="as it was published")
    parser.add_argument("output", type=Path, metavar="OUT.safetensors")
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    try:
        count = make_foreign_start(arguments.kind, arguments.source, arguments.output)
    except SegVideoError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{arguments.output}: {count} arrays\n")


if __name__ == "__main__":
    main()
