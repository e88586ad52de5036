r"""The weights that ship, out of a finished training: masks and boxes calibrated, metadata that says what they are.

    python -m research.pack_network outputs/train/.../weights.safetensors dashcam-lite.safetensors \
        --mask-threshold 0.45 person=0.4 --mask-power 0.5 --box-scale 1.03 --training jobs/train/dashcam-lite-8.yaml

A mask's cross-entropy asks for true probabilities, and a pixel belongs to the object from 0.5 on. Overlap asks for
something else: the set of pixels with the greatest expected IoU begins lower, the lower the less sure the network is
(Nowozin 2014, "Optimal decisions from probabilistic models"). Small and thin objects, of which this network is never
sure, lose their edges at 0.5. So the bias of the mask logits is raised until the threshold asked for has become 0.5;
a class may have one of its own.

Boxes come out a little too narrow where the network is unsure, since it learns the mean of an edge's offset. What a box
cuts off, its mask has lost. The bias of the offsets is raised until boxes are as large as asked for.

What a file had been calibrated by before is kept in its metadata where nothing new is asked for.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.errors import ConfigError, SegVideoError
from pipeline.formats.own_file import load_weights, save_weights
from pipeline.networks.checkpoint_config import own_config

_MASKS, _BOXES = "mask_head/logits/bias", "box_head/offsets/bias"
#: What may be done with the weights that ship, by their name; the model cards say why.
LICENCES = {
    "dashcam-lite": "non-commercial research use: part of the training pictures (Cityscapes among them) allows no "
    "other",
    "dashcam-open": "Apache-2.0: pictures, labels and start allow commercial use",
}


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="WEIGHTS.safetensors")
    parser.add_argument("output", type=Path, metavar="OUT.safetensors")
    parser.add_argument(
        "--mask-threshold",
        nargs="+",
        default=["0.5"],
        metavar=("P", "CLASS=P"),
        help="probability that becomes 0.5, of all classes and of some (0.5)",
    )
    parser.add_argument(
        "--box-scale", type=float, default=1.0, help="factor on width and height of boxes (1)"
    )
    parser.add_argument(
        "--mask-power", type=float, default=0.0, help="power of a mask's sureness in scores (0)"
    )
    parser.add_argument(
        "--name", choices=LICENCES, default="dashcam-lite", help="what it ships as (dashcam-lite)"
    )
    parser.add_argument("--training", required=True, help="the settings of its last sitting, as a note")
    arguments = parser.parse_args()
    general, *own = arguments.mask_threshold
    try:
        thresholds = {name: float(value) for name, value in (one.split("=") for one in own)}
        pack(
            arguments.source,
            arguments.output,
            Calibration(float(general), thresholds, arguments.mask_power, arguments.box_scale),
            {"name": arguments.name, "training_config": arguments.training},
        )
    except ValueError:
        parser.error(f"--mask-threshold: {' '.join(arguments.mask_threshold)} is not as in 0.45 person=0.4")
    except SegVideoError as error:
        sys.exit(str(error))


@dataclass(frozen=True)
class Calibration:
    """What is changed without training.

    threshold, own_thresholds : the probability of a mask that becomes 0.5, and of classes of which it is another one.
    mask_power : see `DetectionConfig`. box_scale : factor on the width and height of boxes.
    """

    threshold: float
    own_thresholds: Mapping[str, float]
    mask_power: float
    box_scale: float


def pack(source: Path, output: Path, calibration: Calibration, notes: Mapping[str, str]) -> None:
    """Write `source` to `output` in float16, calibrated.

    notes : for the file's metadata, its `name` among them.

    Raises ConfigError where the network does not know a class that has a threshold of its own.
    """
    arrays, metadata = load_weights(source)
    config = own_config(source, metadata)
    general, own = calibration.threshold, calibration.own_thresholds
    if unknown := sorted(own.keys() - set(config.classes)):
        raise ConfigError(
            f"{source} does not know {', '.join(unknown)}.", found=", ".join(config.classes[1:])
        )
    told: dict[str, str] = {one: metadata[one] for one in ("mask_threshold", "box_scale") if one in metadata}
    if own or general != 0.5:
        each = [own.get(name, general) for name in config.classes]
        # sigmoid(x + shift) = 0.5 where sigmoid(x) = threshold
        arrays[_MASKS] = arrays[_MASKS] + np.array([math.log((1 - one) / one) for one in each])
        told["mask_threshold"] = " ".join([str(general), *(f"{name}={one}" for name, one in own.items())])
    if calibration.box_scale != 1.0:
        # An offset is the weighted logarithm of how much wider or higher a box is than its proposal.
        shift = [
            0.0,
            0.0,
            *(weight * math.log(calibration.box_scale) for weight in config.detection.box_weights[2:]),
        ]
        arrays[_BOXES] = arrays[_BOXES] + np.tile(shift, len(arrays[_BOXES]) // 4)
        told["box_scale"] = str(calibration.box_scale)
    config = replace(config, detection=replace(config.detection, mask_power=calibration.mask_power))
    described = {"format": metadata["format"], "config": config.to_json()}
    narrow = {name: array.astype(np.float16) for name, array in arrays.items()}
    save_weights(output, narrow, {**described, **notes, "licence": LICENCES[notes["name"]], **told})


if __name__ == "__main__":
    main()
