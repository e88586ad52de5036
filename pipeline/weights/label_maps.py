"""Label maps: the name of each class id that a weight file's network returns."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.errors import UsageError

#: COCO's own ids (Lin et al. 2014): 80 names in 1..90; the gaps were never released.
_COCO_91 = {
    1: "person", 2: "bicycle", 3: "car", 4: "motorcycle", 5: "airplane", 6: "bus", 7: "train", 8: "truck",
    9: "boat", 10: "traffic light", 11: "fire hydrant", 13: "stop sign", 14: "parking meter", 15: "bench",
    16: "bird", 17: "cat", 18: "dog", 19: "horse", 20: "sheep", 21: "cow", 22: "elephant", 23: "bear",
    24: "zebra", 25: "giraffe", 27: "backpack", 28: "umbrella", 31: "handbag", 32: "tie", 33: "suitcase",
    34: "frisbee", 35: "skis", 36: "snowboard", 37: "sports ball", 38: "kite", 39: "baseball bat",
    40: "baseball glove", 41: "skateboard", 42: "surfboard", 43: "tennis racket", 44: "bottle",
    46: "wine glass", 47: "cup", 48: "fork", 49: "knife", 50: "spoon", 51: "bowl", 52: "banana",
    53: "apple", 54: "sandwich", 55: "orange", 56: "broccoli", 57: "carrot", 58: "hot dog", 59: "pizza",
    60: "donut", 61: "cake", 62: "chair", 63: "couch", 64: "potted plant", 65: "bed", 67: "dining table",
    70: "toilet", 72: "tv", 73: "laptop", 74: "mouse", 75: "remote", 76: "keyboard", 77: "cell phone",
    78: "microwave", 79: "oven", 80: "toaster", 81: "sink", 82: "refrigerator", 84: "book", 85: "clock",
    86: "vase", 87: "scissors", 88: "teddy bear", 89: "hair drier", 90: "toothbrush",
}  # fmt: skip

#: The classes of the embedded network, by COCO's ids: a car is 3 whichever of the two found it.
_DASHCAM_IDS = (1, 2, 3, 4, 6, 8, 10, 13)

#: Background, id 0 everywhere, is in no map: no network returns it.
LABEL_MAPS: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "coco91": MappingProxyType(_COCO_91),
        # matterport numbers the 80 classes without gaps, in COCO's order.
        "coco80": MappingProxyType(dict(enumerate(_COCO_91.values(), start=1))),
        "dashcam8": MappingProxyType({class_id: _COCO_91[class_id] for class_id in _DASHCAM_IDS}),
    }
)


def label_map(name: str) -> Mapping[int, str]:
    """Class names by id, in the id space that `name` stands for: coco91, coco80 or dashcam8."""
    if name not in LABEL_MAPS:
        raise UsageError(f"There is no label map {name!r}.", do=f"choose one of {', '.join(LABEL_MAPS)}")
    return LABEL_MAPS[name]
