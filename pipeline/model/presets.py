"""The configs of every network there is, each on one page: what its source's code says, and why where it is unusual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipeline.model.config import (
    AnchorConfig,
    BackboneConfig,
    BoxHeadConfig,
    DetectionConfig,
    FPNConfig,
    InputConfig,
    MaskHeadConfig,
    MaskRCNNConfig,
    RoIAlignConfig,
    RPNConfig,
    TrainingConfig,
)

Classes = tuple[tuple[str, ...], tuple[int, ...]]

#: Road users and what tells them when to stop, by their COCO ids; output 0 is the background.
ROAD: Classes = (
    ("background", "person", "bicycle", "car", "motorcycle", "bus", "truck", "traffic light", "stop sign"),
    (0, 1, 2, 3, 4, 6, 8, 10, 13),
)


def numbered(count: int) -> Classes:
    """Class names for a checkpoint whose outputs are known by number only: 0 is the background."""
    return ("background", *(f"class {i}" for i in range(1, count))), tuple(range(count))


def torchvision_v1(classes: Classes) -> MaskRCNNConfig:
    """torchvision's maskrcnn_resnet50_fpn: Lin et al. 2017 with the stride in the 3x3 and frozen batch norm."""
    names, ids = classes
    return MaskRCNNConfig(
        classes=names,
        class_ids=ids,
        input=InputConfig(resize="shortest_edge", min_size=800, max_size=1333),
        backbone=BackboneConfig(kind="bottleneck", blocks=(3, 4, 6, 3), norm="frozen", norm_epsilon=0.0),
        anchors=AnchorConfig(stride_from_grid=True),
    )


def torchvision_v2(classes: Classes) -> MaskRCNNConfig:
    """torchvision's maskrcnn_resnet50_fpn_v2 (Li et al. 2021): norm everywhere, a deeper RPN, a 4conv1fc box head."""
    return replace(
        torchvision_v1(classes),
        backbone=BackboneConfig(kind="bottleneck", blocks=(3, 4, 6, 3), norm="batch"),
        fpn=FPNConfig(norm="batch"),
        rpn=RPNConfig(convs=2),
        box_head=BoxHeadConfig(convs=4, dense=1, norm="batch"),
        mask_head=MaskHeadConfig(norm="batch", conv_bias=False),
    )


def matterport(classes: Classes) -> MaskRCNNConfig:
    """matterport's Mask_RCNN on ResNet-101: Keras habits (same padding, epsilon 1e-3, corners that are pixels)."""
    names, ids = classes
    return MaskRCNNConfig(
        classes=names,
        class_ids=ids,
        input=InputConfig(
            resize="square",
            min_size=800,
            max_size=1024,
            mean=(123.7, 116.8, 103.9),
            std=(1.0, 1.0, 1.0),
            zero_border=True,
            whole_pixels=True,
        ),
        backbone=BackboneConfig(
            kind="bottleneck",
            blocks=(3, 4, 23, 3),
            norm="batch",
            norm_epsilon=1e-3,
            stride_in_first=True,
            conv_bias=True,
            same_pool=True,
        ),
        anchors=AnchorConfig(
            aspect_ratios=(2.0, 1.0, 0.5), whole_pixels=False
        ),  # its ratio is width over height
        rpn=RPNConfig(
            channels=512,
            softmax=True,
            box_weights=(10.0, 10.0, 5.0, 5.0),
            per_level=False,
            pre_nms=6000,
            min_box=0.0,
        ),
        roi_align=RoIAlignConfig(crop_and_resize=True, rounded_levels=True),
        box_head=BoxHeadConfig(norm="batch", norm_epsilon=1e-3),
        mask_head=MaskHeadConfig(norm="batch", norm_epsilon=1e-3),
        detection=DetectionConfig(
            score=0.7, nms_iou=0.3, best_class_only=True, min_box=0.0, whole_pixels=True
        ),
        max_log_scale=None,
        inclusive_corners=True,
    )


def compact(classes: Classes = ROAD, canvas: tuple[int, int] = (384, 640)) -> MaskRCNNConfig:
    """A network for a laptop: a half-width dense ResNet-18, an 80-channel pyramid from P3, narrow heads.

    Dense 3x3 convolutions run at 85% of a CPU's peak where depthwise ones reach 25%, so the narrow ResNet sees more
    for its milliseconds than MobileNetV2. P2 would cost as much as all the rest. One sample a bin is enough (He et al.
    2017, section 3: "nearly as effective"), as a region of a level is at most 14 cells wide here.
    """
    names, ids = classes
    return MaskRCNNConfig(
        classes=names,
        class_ids=ids,
        input=InputConfig(resize="letterbox", canvas=canvas),
        backbone=BackboneConfig(kind="basic", blocks=(2, 2, 2, 2), width=32, norm="batch", same_pool=True),
        fpn=FPNConfig(channels=80, min_level=3, norm="batch"),
        anchors=AnchorConfig(sizes=(24.0, 56.0, 128.0, 288.0), whole_pixels=False),
        rpn=RPNConfig(pre_nms=256, post_nms=100),
        roi_align=RoIAlignConfig(samples=1, canonical_size=112.0),
        box_head=BoxHeadConfig(dense=2, dense_channels=256, class_agnostic_boxes=True),
        mask_head=MaskHeadConfig(convs=2, channels=64),
        detection=DetectionConfig(count=32),
        training=TrainingConfig(rpn_pre_nms=400, rpn_post_nms=200, roi_samples=64),
    )


def compact_shufflenet(classes: Classes = ROAD, canvas: tuple[int, int] = (512, 896)) -> MaskRCNNConfig:
    """`compact` on ShuffleNetV2, whose published detectors are a better start than any ImageNet classifier.

    Its canvas is larger: what is far on a road is small. The same weights found a tenth more of it on 448x768 than on
    384x640, and of persons and buses of the drawn sample 0.04 and 0.08 of AP50 more on 512x896.

    No norm in the trunk: the start's norms are folded into its kernels. Dense 3x3 convolutions in pyramid and RPN were
    two fifths of a frame's time with AVX2; with two filters a channel they compute nearly the same in a third of it.
    Masks of what is small need the picture itself: an object of 16 px has two by two cells of P3.
    """
    backbone = BackboneConfig(kind="shufflenet_v2", norm="none", activation="leaky_relu")
    fpn = FPNConfig(channels=96, min_level=3, norm="batch", depth_multiplier=2)
    mask_head = MaskHeadConfig(convs=3, channels=64, depth_multiplier=2, detail=32)
    return replace(compact(classes, canvas), backbone=backbone, fpn=fpn, mask_head=mask_head)


def compact_esnet(classes: Classes = ROAD, canvas: tuple[int, int] = (512, 896)) -> MaskRCNNConfig:
    """`compact_shufflenet` on ESNet, whose published detector, PicoDet-S, is a better start and no slower."""
    config = compact_shufflenet(classes, canvas)
    return replace(config, backbone=BackboneConfig(kind="esnet", norm="none"))


#: Regions of a picture that nothing is followed through, and the overlap from which on their boxes are averaged.
_STILL_PROPOSALS, _STILL_MEAN_IOU = 160, 0.7


def for_stills(config: MaskRCNNConfig) -> MaskRCNNConfig:
    """A network that `train` made, for pictures of which none follows another.

    There it finds more: more regions are looked at, and boxes that overlap are averaged. In a film both cost
    identities, as the boxes of neighbours in a row flow together (docs/models/dashcam-lite-sittings.md).
    """
    proposals = max(config.rpn.post_nms, _STILL_PROPOSALS)
    return replace(
        config,
        rpn=replace(config.rpn, post_nms=proposals),
        detection=replace(config.detection, mean_iou=_STILL_MEAN_IOU),
    )


#: Networks that can be trained, by name: each takes classes and a canvas.
NETWORKS: dict[str, Callable[..., MaskRCNNConfig]] = {
    "compact": compact, "compact_shufflenet": compact_shufflenet, "compact_esnet": compact_esnet
}  # fmt: skip
