"""Does a converted checkpoint compute what its source computed?

    python benchmarks/parity.py KIND CHECKPOINT REFERENCE.npz IMAGE.png [--min-size N --max-size N]
                                [--runtime tensorflow|openvino]

Loads the checkpoint the way a user's file is loaded, runs it in float32 on the picture, and holds every stage against
the source's own outputs. Exit code 0 only if the conversion is exact: the input has the source's size, features agree
to 1e-3 of their standard deviation, and 97 of 100 of the reference's detections have a partner of the same class with
box IoU >= 0.98, a score within 0.005 and a mask within 2/255 on average. Near-ties in non-maximum suppression may flip;
more than that is a bug. The sizes are the source's own settings; left out, they are read off the reference.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.errors import SegVideoError, UsageError
from pipeline.model.config import InputConfig, MaskRCNNConfig
from pipeline.model.geometry import Geometry, fit
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.predictor import MaskRCNNPredictor
from pipeline.model.preprocess import preprocess, preprocess_into
from pipeline.networks.checkpoint import load_checkpoint
from pipeline.structures.detections import Detections
from pipeline.structures.frame_segmenter import FrameSegmenter

KINDS = ("torchvision_v1", "torchvision_v2", "matterport")
FEATURE_TOLERANCE = 1e-3
DETECTION_SHARE = 0.97
BOX_IOU, SCORE_DISTANCE, MASK_DISTANCE = 0.98, 0.005, 2.0
#: Every reference was run with this least score.
SCORE_THRESHOLD = 0.05
#: (min, max) sizes that are tried where none are given, besides those that the reference suggests.
PUBLISHED_SIZES = ((800, 1333), (800, 1024))

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Comparison:
    """One stage against the reference: what was compared, how far apart it is, and whether that is near enough.

    holds : None where the distance is shown for information and decides nothing.
    """

    what: str
    apart: str
    holds: bool | None = None


def main() -> int:
    """Exit code: 0 exact, 1 not exact, 2 usage, or that of the error."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("reference", type=Path)
    parser.add_argument("image", type=Path)
    parser.add_argument("--min-size", type=int, help="px; the source's min_size or IMAGE_MIN_DIM")
    parser.add_argument("--max-size", type=int, help="px; the source's max_size or IMAGE_MAX_DIM")
    parser.add_argument(
        "--runtime",
        choices=("tensorflow", "openvino"),
        default="tensorflow",
        help="openvino: features, proposals and detections of the stages that CPUs run",
    )
    arguments = parser.parse_args()
    try:
        return report(compare(arguments))
    except SegVideoError as error:
        print(f"parity: {error}", file=sys.stderr)
        return error.exit_code


def report(comparisons: list[Comparison]) -> int:
    """Print the table and the verdict; 0 if everything holds."""
    width = max(len(comparison.what) for comparison in comparisons)
    for comparison in comparisons:
        verdict = {True: "ok", False: "NOT EXACT", None: "-"}[comparison.holds]
        print(f"{comparison.what:{width}}  {comparison.apart:52}  {verdict}")
    exact = all(comparison.holds is not False for comparison in comparisons)
    print("exact" if exact else "not exact")
    return 0 if exact else 1


def compare(arguments: argparse.Namespace) -> list[Comparison]:
    """Every stage of the network against the reference."""
    with np.load(arguments.reference) as file:
        reference = {name: file[name] for name in file.files if not name.startswith("override/")}
    frame = np.asarray(Image.open(arguments.image).convert("RGB"))
    known_sizes = (arguments.min_size, arguments.max_size)

    def adapt(config: MaskRCNNConfig) -> MaskRCNNConfig:
        detection = replace(config.detection, score=SCORE_THRESHOLD)
        return replace(config, detection=detection, input=_sized(config.input, known_sizes, reference, frame))

    model = load_checkpoint(arguments.checkpoint, arguments.kind, adapt=adapt)
    geometry = fit(frame.shape[0], frame.shape[1], model.config.input)
    comparisons = [_compare_geometry(geometry, reference)]
    images = preprocess(frame[None], geometry, model.config.input)
    comparisons += _compare_input(images, reference)
    if arguments.runtime == "openvino":
        # A machine with a GPU need not have OpenVINO.
        from pipeline.model.staged.compiled import CompiledStages
        from pipeline.model.staged.convert import convert
        from pipeline.model.staged.predictor import StagedPredictor, proposals_of
        from pipeline.model.staged.shapes import StageShapes

        stages = CompiledStages(convert(model, geometry.canvas), StageShapes.of(model.config, geometry.canvas),
                                "float32", 1)  # fmt: skip
        with stages.requests() as requests:
            preprocess_into(requests.canvas, frame, geometry, model.config.input)
            found = requests.dense()
            comparisons += _compare_features([level[None] for level in requests.levels()], reference)
            proposals = proposals_of(*found, geometry, model.config)
        network: FrameSegmenter = StagedPredictor(model.config, lambda canvas: stages, "openvino", 1)
    else:
        features = model.features(images)
        comparisons += _compare_features(features, reference) + _compare_rpn(model, features, reference)
        proposals = np.asarray(model.proposals(features, geometry)[0])[0]
        network = MaskRCNNPredictor(model)
    comparisons.append(_compare_proposals(proposals, geometry, model.config, reference))
    detections = network.segment(frame[None])[0]
    comparisons += _compare_detections(detections, *_reference_detections(reference))
    comparisons.append(_compare_pasted(detections, reference))
    return comparisons


def _sized(
    config: InputConfig, sizes: tuple[int | None, int | None], reference: Arrays, frame: NDArray[Any]
) -> InputConfig:
    """The input config of the sizes given, or of those under which the frame gets the reference's size."""
    wanted = _reference_geometry(reference)
    short, long = min(wanted[0]), max(wanted[0])
    tried = [(short, PUBLISHED_SIZES[0][1]), (short, max(wanted[1])), (short, long), *PUBLISHED_SIZES]
    tried += [(PUBLISHED_SIZES[0][0], long), (256, max(wanted[1]))]
    for suggested in tried if None in sizes else [sizes]:
        low, high = (given or other for given, other in zip(sizes, suggested, strict=True))
        if not 0 < low <= high:
            continue
        candidate = replace(config, min_size=low, max_size=high)
        geometry = fit(frame.shape[0], frame.shape[1], candidate)
        if None not in sizes or (geometry.resized, geometry.canvas) == wanted:
            return candidate
    raise UsageError(
        "The source's sizes cannot be read off the reference.",
        found=f"a picture of {frame.shape[1]}x{frame.shape[0]} px that became {wanted[0][1]}x{wanted[0][0]}",
        do="give --min-size and --max-size",
    )


def _reference_geometry(reference: Arrays) -> tuple[tuple[int, int], tuple[int, int]]:
    """Resized (height, width) and canvas (height, width) of the reference."""
    if "molded_shape" in reference:
        top, left, bottom, right = (int(v) for v in reference["window"])
        _, height, width, _ = (int(v) for v in reference["molded_shape"])
        return (bottom - top, right - left), (height, width)
    _, _, height, width = (int(v) for v in reference["network_input_shape"])
    return (int(reference["resized"][0]), int(reference["resized"][1])), (height, width)


def _compare_geometry(geometry: Geometry, reference: Arrays) -> Comparison:
    resized, canvas = _reference_geometry(reference)
    same = (geometry.resized, geometry.canvas) == (resized, canvas)
    ours = f"{_size(geometry.resized)} on {_size(geometry.canvas)}"
    return Comparison(
        "network input", ours + ("" if same else f", reference {_size(resized)} on {_size(canvas)}"), same
    )


def _size(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"


def _compare_input(images: Any, reference: Arrays) -> list[Comparison]:
    if "molded_sample" not in reference:
        return []
    sample = np.asarray(images)[0, ::32, ::32]
    return [Comparison("input pixels", _distance(sample, reference["molded_sample"])[0])]


def _compare_features(features: list[Any], reference: Arrays) -> list[Comparison]:
    comparisons = []
    for level, feature in enumerate(features, start=2):
        ours = np.asarray(feature)[0, ::4, ::4, ::16]
        if f"feature_p{level}" in reference:
            theirs = reference[f"feature_p{level}"]
        else:
            theirs = reference["feature_pool" if level == 6 else f"feature_{level - 2}"].transpose(1, 2, 0)
        text, distance = _distance(ours, theirs)
        comparisons.append(Comparison(f"features P{level}", text, distance <= FEATURE_TOLERANCE))
    return comparisons


def _compare_rpn(model: MaskRCNN, features: list[Any], reference: Arrays) -> list[Comparison]:
    if "rpn_logits_0" not in reference:
        return []
    comparisons = []
    for index, (logits, offsets, feature) in enumerate(zip(*model.rpn(features), features, strict=True)):
        rows, columns = feature.shape[1:3]
        for name, ours in (("logits", logits), ("deltas", offsets)):
            grid = np.asarray(ours).reshape(rows, columns, -1)[::4, ::4].transpose(2, 0, 1)
            text, _ = _distance(grid, reference[f"rpn_{name}_{index}"])
            comparisons.append(Comparison(f"RPN {name} P{index + 2}", text))
    return comparisons


def _distance(ours: NDArray[Any], theirs: NDArray[Any]) -> tuple[str, float]:
    """Largest difference in standard deviations of the reference; infinite where the shapes differ."""
    if ours.shape != theirs.shape:
        return f"shape {list(ours.shape)}, reference {list(theirs.shape)}", math.inf
    distance = float(np.abs(ours - theirs).max() / max(theirs.std(), 1e-12))
    return f"at most {distance:.1e} standard deviations", distance


def _compare_proposals(
    ours: NDArray[Any], geometry: Geometry, config: MaskRCNNConfig, reference: Arrays
) -> Comparison:
    theirs = reference["proposals"]
    if config.inclusive_corners:  # normalised y1, x1, y2, x2
        height, width = geometry.canvas
        theirs = theirs[:, [1, 0, 3, 2]] * np.array([width - 1, height - 1] * 2)
    near = sum(bool((np.abs(ours - box).max(axis=1) < 0.1).any()) for box in theirs)
    return Comparison("proposals", f"{near} of {len(theirs)} within 0.1 px")


def _reference_detections(reference: Arrays) -> tuple[NDArray[Any], Arrays]:
    """Boxes xyxy, and the other columns by name."""
    boxes = reference["boxes"] if "boxes" in reference else reference["boxes_yxyx"][:, [1, 0, 3, 2]]
    labels = reference["labels"] if "labels" in reference else reference["class_ids"]
    others = {"labels": labels, "scores": reference["scores"], "roi_masks": reference["roi_masks"]}
    return boxes.astype(np.float64), others


def partners(ours: Detections, boxes: NDArray[Any], columns: Arrays) -> list[tuple[float, float]]:
    """Distances of score and mask of each of the reference's detections that has a partner.

    boxes : xyxy [n, 4]. columns : its labels, scores and roi_masks.
    """
    free, distances = set(range(len(ours))), []
    for row, box in enumerate(boxes):
        partner = _partner(ours, free, box, {name: column[row] for name, column in columns.items()})
        if partner is None:
            continue
        free.remove(partner)
        score = abs(float(ours.scores[partner]) - float(columns["scores"][row]))
        distances.append((score, _mask_distance(ours, partner, columns["roi_masks"][row])))
    return distances


def _compare_detections(ours: Detections, boxes: NDArray[Any], columns: Arrays) -> list[Comparison]:
    distances = partners(ours, boxes, columns)
    needed = math.ceil(DETECTION_SHARE * len(boxes))
    found = f"{len(distances)} of {len(boxes)} have a partner, {needed} needed ({len(ours)} found)"
    score, mask = (max(values) for values in zip((0.0, 0.0), *distances, strict=True))
    return [
        Comparison("detections", found, len(distances) >= needed),
        Comparison("scores of partners", f"at most {score:.1e} apart"),
        Comparison("RoI masks of partners", f"at most {mask:.2f}/255 apart on average"),
    ]


def _partner(ours: Detections, free: set[int], box: NDArray[Any], reference: Arrays) -> int | None:
    """The free detection nearest in score that counts as the reference's, or None."""
    near = [
        row
        for row in free
        if ours.class_ids[row] == reference["labels"]
        and abs(float(ours.scores[row]) - float(reference["scores"])) <= SCORE_DISTANCE
        and _iou(ours.boxes[row].astype(np.float64), box) >= BOX_IOU
        and _mask_distance(ours, row, reference["roi_masks"]) <= MASK_DISTANCE
    ]
    return min(near, key=lambda row: abs(float(ours.scores[row]) - float(reference["scores"])), default=None)


def _mask_distance(ours: Detections, row: int, mask: NDArray[Any]) -> float:
    return float(np.abs(ours.roi_masks[row].astype(np.float64) - mask).mean())


def _iou(first: NDArray[Any], second: NDArray[Any]) -> float:
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    intersection = float(np.prod(np.maximum(high - low, 0.0)))
    union = sum(float(np.prod(box[2:] - box[:2])) for box in (first, second)) - intersection
    return intersection / union if union > 0 else 0.0


def _compare_pasted(ours: Detections, reference: Arrays) -> Comparison:
    shape = tuple(int(side) for side in reference["pasted_shape"])
    theirs = np.unpackbits(reference["pasted"], count=math.prod(shape)).reshape(shape).astype(bool)
    theirs = theirs if "labels" in reference else theirs.transpose(2, 0, 1)
    masks = ours[: len(theirs)].masks(*theirs.shape[1:])
    agree = [float((a == b).mean()) for a, b in zip(masks, theirs, strict=False)]
    return Comparison(
        "pasted masks",
        f"{np.mean(agree) if agree else 0.0:.1%} of pixels agree (each source pastes its own way)",
    )


if __name__ == "__main__":
    sys.exit(main())
