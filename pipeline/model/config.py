"""Every number of Mask R-CNN that a paper, a checkpoint or a deployment chooses, in one frozen value.

Sources differ in more than layer widths: in how a frame is resized and padded, where the anchors sit, which
candidates meet in non-maximum suppression and how a region is sampled. All of that is configuration here, so that one
network computes what each source computes. The presets are in `presets.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from pipeline.errors import ConfigError
from pipeline.loading.given import Given
from pipeline.loading.load import load

ResizeRule = Literal["shortest_edge", "square", "letterbox"]
Norm = Literal["none", "batch", "frozen"]


@dataclass(frozen=True)
class InputConfig:
    """Rules by which a frame becomes the network's input.

    resize : `shortest_edge` scales to `min_size` unless the long side would pass `max_size`, and pads below and to
        the right to a multiple of 32 (torchvision); `square` does not shrink below `min_size` and centres the frame
        in a square of `max_size` (matterport); `letterbox` fits it centred into `canvas`.
    min_size, max_size : px; unused by `letterbox`.
    canvas : height and width in px, multiples of 32; used by `letterbox` alone.
    mean, std : of a channel in R, G, B order, on the 0..255 scale.
    zero_border : interpolation sees black beyond the frame's edge (scikit-image's `constant` mode), not the edge.
    whole_pixels : resized values are cut down to whole numbers, and padding is black before the mean is taken off.
    """

    resize: ResizeRule = "letterbox"
    min_size: int = 800
    max_size: int = 1333
    canvas: tuple[int, int] = (384, 640)
    mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    std: tuple[float, float, float] = (58.395, 57.12, 57.375)
    zero_border: bool = False
    whole_pixels: bool = False

    def __post_init__(self) -> None:
        _require(
            all(side > 0 and side % 32 == 0 for side in self.canvas), "canvas", self.canvas, "multiples of 32"
        )
        _require(0 < self.min_size <= self.max_size, "min_size", self.min_size, "in 1..max_size")


@dataclass(frozen=True)
class BackboneConfig:
    """The trunk, which makes C2..C5.

    kind : a key of `make_backbone.BACKBONES`: `bottleneck` (ResNet-50/101), `basic` (the narrow dense ResNet),
        `shufflenet_v2` or `esnet`.
    blocks : residual blocks of the four stages; of the ResNets.
    width : channels of the stem; stage i has `width` * 2^i of them (x 4 after a bottleneck); of the ResNets.
    stride_in_first : the stride of a bottleneck is in its first 1x1 (He et al. 2015) and not in the 3x3 (torchvision).
    conv_bias : convolutions carry a bias of their own before their norm (matterport).
    same_pool : the stem's max pooling pads like TensorFlow's `same`, not by one on every side.
    width_multiplier : of `shufflenet_v2` (Ma et al. 2018).
    activation : of `shufflenet_v2`; `leaky_relu` has the slope 0.1 below 0.
    """

    kind: str = "bottleneck"
    blocks: tuple[int, int, int, int] = (3, 4, 6, 3)
    width: int = 64
    norm: Norm = "frozen"
    norm_epsilon: float = 1e-5
    stride_in_first: bool = False
    conv_bias: bool = False
    same_pool: bool = False
    width_multiplier: float = 1.0
    activation: Literal["relu", "leaky_relu"] = "relu"


@dataclass(frozen=True)
class FPNConfig:
    """Feature pyramid (Lin et al. 2017): `channels` wide, from stride 2^`min_level` to 2^`max_level`.

    Levels above 5 are subsampled from P5, as in its footnote 2; RoIs are pooled from levels up to 5 only.

    depth_multiplier : filters a channel of depthwise-separable 3x3 convolutions, here and in the RPN; 0: dense ones.
    """

    channels: int = 256
    min_level: int = 2
    max_level: int = 6
    norm: Norm = "none"
    norm_epsilon: float = 1e-5
    depth_multiplier: int = 0

    def __post_init__(self) -> None:
        _require(self.depth_multiplier >= 0, "depth_multiplier", self.depth_multiplier, "0 or more")
        _require(2 <= self.min_level <= 5 <= self.max_level, "min_level..max_level",
                 (self.min_level, self.max_level), "a range around 5 that starts at 2 or above")  # fmt: skip

    @property
    def levels(self) -> range:
        """The pyramid's levels, finest first."""
        return range(self.min_level, self.max_level + 1)

    @property
    def pooled_levels(self) -> range:
        """The levels that regions are pooled from, finest first: those with a feature map of the trunk behind them."""
        return range(self.min_level, 6)


@dataclass(frozen=True)
class AnchorConfig:
    """Anchors of one scale a level and several shapes (Lin et al. 2017, section 4.1).

    sizes : side of a square anchor in px, one a level.
    aspect_ratios : height over width, in the order of the checkpoint's channels.
    whole_pixels : corners are rounded (torchvision).
    stride_from_grid : a level's stride is the canvas over the level's size, rounded down (torchvision); it differs
        from 2^level where a level's size was rounded up.
    """

    sizes: tuple[float, ...] = (32.0, 64.0, 128.0, 256.0, 512.0)
    aspect_ratios: tuple[float, ...] = (0.5, 1.0, 2.0)
    whole_pixels: bool = True
    stride_from_grid: bool = False


@dataclass(frozen=True)
class RPNConfig:
    """Region proposal network (Ren et al. 2015, section 3.1).

    convs, channels : of the shared 3x3 convolutions; 0 channels means as many as the pyramid has.
    softmax : objectness is a softmax over (background, object), not a sigmoid.
    box_weights : divide the predicted (dx, dy, dw, dh) (Girshick et al. 2014, appendix C).
    per_level : the best `pre_nms` and NMS are taken a level, not over all levels together.
    pre_nms, post_nms, nms_iou : candidates before and after NMS, and its threshold, at test time.
    min_box : px; smaller proposals are dropped.
    """

    convs: int = 1
    channels: int = 0
    softmax: bool = False
    box_weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    per_level: bool = True
    pre_nms: int = 1000
    post_nms: int = 1000
    nms_iou: float = 0.7
    min_box: float = 1e-3


@dataclass(frozen=True)
class RoIAlignConfig:
    """RoIAlign (He et al. 2017, section 3): `samples`^2 points a bin, or one at each corner-aligned grid point.

    crop_and_resize : TensorFlow's operator of that name: one sample a bin, the outermost on the region's edge.
    rounded_levels : equation 1 of Lin et al. 2017 is rounded (matterport) and not floored.
    canonical_size : px of a region that belongs to level 4; smaller sends regions to coarser levels.
    """

    samples: int = 2
    crop_and_resize: bool = False
    rounded_levels: bool = False
    canonical_size: float = 224.0


@dataclass(frozen=True)
class BoxHeadConfig:
    """Fast R-CNN head: `convs` 3x3 convolutions, `dense` hidden layers, then class and box.

    Two dense layers are Lin et al. 2017; four convolutions and one dense layer are `4conv1fc` (Wu & He 2018).
    """

    pool: int = 7
    convs: int = 0
    conv_channels: int = 256
    dense: int = 2
    dense_channels: int = 1024
    norm: Norm = "none"
    norm_epsilon: float = 1e-5
    class_agnostic_boxes: bool = False


@dataclass(frozen=True)
class MaskHeadConfig:
    """FCN mask head (He et al. 2017, figure 4): `convs` 3x3 convolutions on 14x14, a 2x2 deconvolution, 28x28 masks.

    conv_bias : convolutions carry a bias of their own before their norm (matterport).
    depth_multiplier : filters a channel of depthwise-separable 3x3 convolutions; 0: dense ones.
    detail : channels of what the head sees of the picture itself, of which it is given 28x28 pixels a region; 0: it
        sees the pyramid alone, whose finest level knows little of a small object's edge.
    """

    pool: int = 14
    convs: int = 4
    channels: int = 256
    conv_bias: bool = True
    norm: Norm = "none"
    norm_epsilon: float = 1e-5
    depth_multiplier: int = 0
    detail: int = 0

    def __post_init__(self) -> None:
        _require(self.depth_multiplier >= 0, "depth_multiplier", self.depth_multiplier, "0 or more")
        _require(self.detail >= 0, "detail", self.detail, "0 or more")


@dataclass(frozen=True)
class DetectionConfig:
    """From class scores to detections.

    box_weights : as in `RPNConfig`.
    score : a candidate's least probability.
    nms_iou : candidates of one class that overlap more are one object.
    count : detections a frame at most.
    best_class_only : a proposal stands for its best class alone (matterport), not for each class above `score`.
    min_box : px; smaller boxes are dropped.
    whole_pixels : boxes are rounded to whole frame pixels.
    mask_power : a score is multiplied by this power of the mean probability inside its mask; 0 leaves it as it is.
    mean_iou : a box becomes the mean, weighed by score, of the candidates of its class that overlap it by more (Gidaris
        & Komodakis 2015, box voting); 0: it stays.
    """

    box_weights: tuple[float, float, float, float] = (10.0, 10.0, 5.0, 5.0)
    score: float = 0.05
    nms_iou: float = 0.5
    count: int = 100
    best_class_only: bool = False
    min_box: float = 1e-2
    whole_pixels: bool = False
    mask_power: float = 0.0
    mean_iou: float = 0.0

    def __post_init__(self) -> None:
        _require(0.0 < self.score < 1.0, "score", self.score, "a probability between 0 and 1")
        _require(0.0 <= self.mask_power <= 4.0, "mask_power", self.mask_power, "a power between 0 and 4")
        _require(0.0 <= self.mean_iou < 1.0, "mean_iou", self.mean_iou, "an overlap between 0 and 1")


@dataclass(frozen=True)
class TrainingConfig:
    """Matching and sampling (Ren et al. 2015, section 3.1.3; He et al. 2017, section 3.1)."""

    rpn_positive_iou: float = 0.7
    rpn_negative_iou: float = 0.3
    rpn_samples: int = 256
    rpn_positive_share: float = 0.5
    rpn_pre_nms: int = 2000
    rpn_post_nms: int = 1000
    roi_positive_iou: float = 0.5
    roi_samples: int = 512
    roi_positive_share: float = 0.25


@dataclass(frozen=True)
class MaskRCNNConfig:
    """The whole network.

    classes : names in the order of the classifier's outputs; the first is the background.
    class_ids : what `Detections` calls each output; the ids of the checkpoint's own label map.
    max_log_scale : largest |dw|, |dh| that box decoding believes; None for no limit.
    inclusive_corners : a box ends on its last pixel, not behind it (matterport).
    """

    classes: tuple[str, ...]
    class_ids: tuple[int, ...]
    input: InputConfig = field(default_factory=InputConfig)
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    fpn: FPNConfig = field(default_factory=FPNConfig)
    anchors: AnchorConfig = field(default_factory=AnchorConfig)
    rpn: RPNConfig = field(default_factory=RPNConfig)
    roi_align: RoIAlignConfig = field(default_factory=RoIAlignConfig)
    box_head: BoxHeadConfig = field(default_factory=BoxHeadConfig)
    mask_head: MaskHeadConfig = field(default_factory=MaskHeadConfig)
    detection: DetectionConfig = field(default_factory=DetectionConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    max_log_scale: float | None = 4.135166556742356  # log(1000 / 16), Detectron's guard against exp overflow
    inclusive_corners: bool = False

    def __post_init__(self) -> None:
        _require(len(self.classes) == len(self.class_ids) >= 2, "class_ids", len(self.class_ids),
                 f"one id for each of the {len(self.classes)} classes, background first")  # fmt: skip
        _require(len(self.anchors.sizes) == len(self.fpn.levels), "anchors.sizes", self.anchors.sizes,
                 f"one size for each of the levels {list(self.fpn.levels)}")  # fmt: skip

    @property
    def num_classes(self) -> int:
        """Outputs of the classifier, the background included."""
        return len(self.classes)

    def to_json(self) -> str:
        """The config as JSON text that `from_json` reads back to an equal value."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> MaskRCNNConfig:
        """The config that `to_json` wrote. Raises ConfigError for any other text, with every wrong key."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as damage:
            raise ConfigError("The network's config is no JSON.", found=str(damage)) from damage
        if not isinstance(values, Mapping):
            raise ConfigError("The network's config has no keys.", found=text[:200])
        return load(cls, Given(values, place="the network's config", of_json=True))


def _require(condition: bool, name: str, found: object, expected: str) -> None:
    if not condition:
        raise ConfigError(f"{name} must be {expected}.", found=repr(found))
