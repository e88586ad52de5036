"""The loss of Mask R-CNN (He et al. 2017, section 3): the five losses of a batch, trained end to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from pipeline.model import box_coder
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.geometry import Geometry
from pipeline.model.layers.rpn import propose
from pipeline.model.learning.losses import box_loss, class_loss, mask_loss, objectness_loss
from pipeline.model.learning.matcher import IGNORED, NEGATIVE, POSITIVE, match
from pipeline.model.learning.sampling import sample
from pipeline.model.learning.targets import Targets, crop_masks
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.preprocess import preprocess
from pipeline.model.rows import take_rows

#: Where the RPN's smooth L1 turns into a line (Detectron); its offsets are not divided by deviations.
RPN_BETA = 1.0 / 9.0


def training_losses(
    model: MaskRCNN, images: Any, targets: Targets, seed: keras.random.SeedGenerator
) -> dict[str, Any]:
    """The losses of a batch as float32 scalars: `loss`, their sum, and each by its name.

    images : uint8 RGB [B, H, W, 3] on the canvas; sides are multiples of 32.
    seed : luck of the sampling; it moves on with every call.
    """
    return losses_on(model, look(model, *network_inputs(model, images), training=True), targets, seed)


def network_inputs(model: MaskRCNN, images: Any) -> tuple[Any, Geometry]:
    """Pictures uint8 RGB [B, H, W, 3] that fill their canvas as the network takes them, and where they lie on it."""
    height, width = int(images.shape[1]), int(images.shape[2])
    whole = Geometry((height, width), (height, width), (0, 0), (height, width))
    return preprocess(images, whole, model.config.input), whole


@dataclass(frozen=True)
class Looked:
    """A batch with the pyramid and the RPN's outputs that a network computes from it.

    images, whole : as `network_inputs` gives them.
    features : the pyramid's levels. logits, offsets : the RPN's of each level.
    """

    images: Any
    whole: Geometry
    features: list[Any]
    logits: list[Any]
    offsets: list[Any]


def look(model: MaskRCNN, images: Any, whole: Geometry, training: bool = False) -> Looked:
    """The pyramid and the RPN's answer to what `network_inputs` gives."""
    features = model.features(images, training=training)
    return Looked(images, whole, features, *model.rpn(features))


def losses_on(
    model: MaskRCNN, seen: Looked, targets: Targets, seed: keras.random.SeedGenerator, masks: bool = True
) -> dict[str, Any]:
    """`training_losses` of what the model has looked at already.

    masks : whether the mask head learns too.
    """
    anchors = model.anchors(seen.whole.canvas)
    losses = _rpn_losses(model, seen.logits, seen.offsets, np.concatenate(anchors), targets, seed)
    training = model.config.training
    proposals, valid = propose(
        [ops.stop_gradient(level) for level in seen.logits],
        [ops.stop_gradient(level) for level in seen.offsets],
        anchors, seen.whole.window(model.config.inclusive_corners), model.config, training.rpn_pre_nms,
        training.rpn_post_nms,
    )  # fmt: skip
    sampled = _sampled(model.config, proposals, valid, targets, seed)
    regional, chosen = _class_and_box_losses(model, seen, sampled, targets)
    losses |= regional
    if masks:
        losses["mask"] = _mask_loss(model, seen, sampled, chosen, targets)
    return {"loss": sum(losses.values()), **losses}


def _rpn_losses(
    model: MaskRCNN, logits: list[Any], offsets: list[Any], anchors: Any, targets: Targets, seed: Any
) -> dict[str, Any]:
    """Equation 1 of Ren et al. 2015 over a sample of the anchors float32 [A, 4]."""
    training = model.config.training
    found = match(
        ops.expand_dims(ops.convert_to_tensor(anchors), 0), targets.boxes, targets.class_index,
        training.rpn_positive_iou, training.rpn_negative_iou, keep_best=True,
    )  # fmt: skip
    # The RPN knows no classes: where most are unlabelled, what looks like background may well be an object.
    known = ops.mean(ops.cast(targets.scope[:, 1:], "float32"), axis=-1, keepdims=True) >= 0.5
    label = ops.where(ops.logical_or(found.label != NEGATIVE, known), found.label, IGNORED)
    index, valid = sample(label, training.rpn_samples, training.rpn_positive_share, seed)
    positive = ops.logical_and(valid, take_rows(label, index) == POSITIVE)
    objects = take_rows(targets.boxes, take_rows(found.index, index))
    references = ops.take(ops.convert_to_tensor(anchors), index, axis=0)
    wanted = box_coder.encode(objects, references, model.config.rpn.box_weights)
    every_logit, every_offset = ops.concatenate(logits, axis=1), ops.concatenate(offsets, axis=1)
    count = ops.sum(ops.cast(valid, "int32"))
    return {
        "rpn_class": objectness_loss(take_rows(every_logit, index), positive, valid),
        "rpn_box": box_loss(take_rows(every_offset, index), wanted, positive, count, RPN_BETA),
    }


@dataclass(frozen=True)
class _Sampled:
    """Regions float32 [B, S, 4] that classes, boxes and masks are learnt on.

    objects : the object of each, int32 [B, S].
    positive, valid : bool [B, S], those that lie on it, and those that count.
    members, rivals : right outputs and those they compete with, bool [B, S, C].
    """

    regions: Any
    objects: Any
    positive: Any
    valid: Any
    members: Any
    rivals: Any


def _sampled(config: MaskRCNNConfig, proposals: Any, valid: Any, targets: Targets, seed: Any) -> _Sampled:
    """A sample of the proposals; the objects' own boxes are among them."""
    training = config.training
    proposals = ops.concatenate([proposals, targets.boxes], axis=1)
    valid = ops.concatenate([valid, targets.class_index > 0], axis=1)
    found = match(
        proposals, targets.boxes, targets.class_index, training.roi_positive_iou, training.roi_positive_iou,
        keep_best=False,
    )  # fmt: skip
    label = ops.where(valid, found.label, IGNORED)
    index, valid = sample(label, training.roi_samples, training.roi_positive_share, seed)
    regions = ops.stop_gradient(take_rows(proposals, index))
    objects = take_rows(found.index, index)
    positive = ops.logical_and(valid, take_rows(label, index) == POSITIVE)
    return _Sampled(regions, objects, positive, valid, *_outputs(targets, objects, positive))


def _class_and_box_losses(
    model: MaskRCNN, seen: Looked, sampled: _Sampled, targets: Targets
) -> tuple[dict[str, Any], Any]:
    """The two losses, and the right output int32 [B, S] of each region that the network finds likeliest."""
    config = model.config
    batch, count = int(sampled.regions.shape[0]), int(sampled.regions.shape[1])
    flat = (batch * count,)
    logits, offsets = model.classify(
        model.pool(seen.features, sampled.regions, config.box_head.pool, seen.whole.canvas), training=True
    )
    members, rivals = (ops.reshape(one, (*flat, -1)) for one in (sampled.members, sampled.rivals))
    chosen = _likeliest(logits, members)
    column = chosen if model.box_head.boxes > 1 else ops.zeros_like(chosen)
    offsets = take_rows(offsets, ops.expand_dims(column, -1))[:, 0]
    boxes = take_rows(targets.boxes, sampled.objects)
    wanted = box_coder.encode(boxes, sampled.regions, config.detection.box_weights)
    losses = {
        "class": class_loss(logits, members, rivals, ops.reshape(sampled.valid, flat)),
        "box": box_loss(
            offsets, ops.reshape(wanted, (*flat, 4)), ops.reshape(sampled.positive, flat),
            ops.sum(ops.cast(sampled.valid, "int32")),
        ),
    }  # fmt: skip
    return losses, ops.reshape(chosen, (batch, count))


def _mask_loss(model: MaskRCNN, seen: Looked, sampled: _Sampled, chosen: Any, targets: Targets) -> Any:
    """The mask loss of the positive regions, each in the output `chosen` int32 [B, S]."""
    # Positives come first, so the mask head looks at no more columns than there can be of them.
    most = max(int(int(sampled.regions.shape[1]) * model.config.training.roi_positive_share), 1)
    regions = sampled.regions[:, :most]
    logits = model.masks(seen.images, seen.features, regions, chosen[:, :most], training=True)
    return region_mask_loss(logits, regions, sampled.objects[:, :most], sampled.positive[:, :most], targets)


def _outputs(targets: Targets, objects: Any, positive: Any) -> tuple[Any, Any]:
    """Right outputs and those they compete with, both bool [B, S, C]; a negative competes with the scope alone."""
    classes = int(targets.scope.shape[-1])
    background = ops.arange(classes) == 0
    is_object = ops.expand_dims(positive, -1)
    members = ops.where(is_object, take_rows(targets.members, objects), background)
    rivals = ops.logical_or(is_object, ops.expand_dims(ops.logical_or(targets.scope, background), 1))
    return members, rivals


def _likeliest(logits: Any, members: Any) -> Any:
    """The right output int32 [R] that the network finds likeliest."""
    return ops.cast(ops.argmax(ops.where(members, ops.stop_gradient(logits), -1e9), axis=-1), "int32")


def region_mask_loss(logits: Any, regions: Any, objects: Any, positive: Any, targets: Targets) -> Any:
    """The mask loss, a scalar, of logits float32 [B, S, 28, 28] in regions [B, S, 4] of the objects int32 [B, S].

    positive : bool [B, S], the regions that count; of them, those whose object has a mask.
    """
    side, size = targets.masks.shape[-1], logits.shape[-1]
    wanted = crop_masks(
        ops.reshape(take_rows(targets.masks, objects), (-1, side, side)),
        ops.reshape(take_rows(targets.boxes, objects), (-1, 4)),
        ops.reshape(regions, (-1, 4)),
        int(size),
    )
    valid = ops.logical_and(positive, take_rows(targets.has_mask, objects))
    return mask_loss(ops.reshape(logits, (-1, size, size)), wanted, ops.reshape(valid, (-1,)))
