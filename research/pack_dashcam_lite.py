r"""The weights that ship, out of a finished training: masks calibrated, metadata that says what they are.

    python -m research.pack_dashcam_lite outputs/train/.../weights.safetensors dashcam-lite.safetensors \
        --mask-threshold 0.4 --training jobs/train/dashcam-lite-last.yaml

A mask's cross-entropy asks for true probabilities, and a pixel belongs to the object from 0.5 on. Overlap asks for
something else: the set of pixels with the greatest expected IoU begins lower, the lower the less sure the network is
(Nowozin 2014, "Optimal decisions from probabilistic models"). Small and thin objects, of which this network is never
sure, lose their edges at 0.5. So the bias of the mask logits is raised until the threshold asked for has become 0.5.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.errors import SegVideoError
from pipeline.formats.own_file import load_weights, save_weights
from pipeline.model.config import MaskRCNNConfig

_BIAS = "mask_head/logits/bias"
_LICENCE = (
    "non-commercial research use: part of the training pictures (Cityscapes among them) allows no other"
)


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="WEIGHTS.safetensors")
    parser.add_argument("output", type=Path, metavar="OUT.safetensors")
    parser.add_argument(
        "--mask-threshold", type=float, default=0.5, help="probability that becomes 0.5 (0.5)"
    )
    parser.add_argument(
        "--mask-power", type=float, default=0.0, help="power of a mask's sureness in scores (0)"
    )
    parser.add_argument("--training", required=True, help="the settings of its last sitting, as a note")
    arguments = parser.parse_args()
    try:
        pack(
            arguments.source,
            arguments.output,
            arguments.mask_threshold,
            arguments.mask_power,
            arguments.training,
        )
    except SegVideoError as error:
        sys.exit(str(error))


def pack(source: Path, output: Path, threshold: float, mask_power: float, training: str) -> None:
    """Write `source` to `output` in float16, with that probability of a mask moved to 0.5, and that power of masks."""
    arrays, metadata = load_weights(source)
    # sigmoid(x + shift) = 0.5 where sigmoid(x) = threshold
    arrays[_BIAS] = arrays[_BIAS] + math.log((1 - threshold) / threshold)
    notes = {
        "name": "dashcam-lite",
        "licence": _LICENCE,
        "training_config": training,
        "mask_threshold": str(threshold),
    }
    config = MaskRCNNConfig.from_json(metadata["config"])
    config = replace(config, detection=replace(config.detection, mask_power=mask_power))
    described = {"format": metadata["format"], "config": config.to_json()}
    narrow = {name: array.astype(np.float16) for name, array in arrays.items()}
    save_weights(output, narrow, {**described, **notes})


if __name__ == "__main__":
    main()
