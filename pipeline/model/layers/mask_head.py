"""Mask head (He et al. 2017, section 3 and figure 4): which cells of a region the object covers."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from pipeline.model.config import MaskHeadConfig, MaskRCNNConfig
from pipeline.model.layers.composite import Composite
from pipeline.model.layers.separable import conv3x3
from pipeline.model.layers.units import Conv, Deconv2x2


class ClassMask(keras.layers.Layer):
    """1x1 convolution to one mask, that of the class asked for: the other classes' masks are never computed."""

    def __init__(self, classes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.classes = classes

    def build(self, input_shape: tuple[int | None, ...], *_: Any) -> None:
        """Make the kernel float32 [C, classes] and the bias float32 [classes]."""
        start = keras.initializers.RandomNormal(stddev=0.001)
        shape, kind = (int(input_shape[-1] or 0), self.classes), {"dtype": "float32", "autocast": False}
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=start, **kind)
        self.bias = self.add_weight(name="bias", shape=shape[1:], initializer="zeros", **kind)

    def call(self, inputs: Any, class_index: Any) -> Any:
        """[R, H, W, C] and classifier outputs int32 [R] to mask logits float32 [R, H, W]."""
        kernel = ops.take(ops.transpose(ops.convert_to_tensor(self.kernel)), class_index, axis=0)
        bias = ops.take(ops.convert_to_tensor(self.bias), class_index)
        regions, height, width, channels = inputs.shape
        flat = ops.reshape(inputs, (regions, height * width, channels))
        logits = ops.matmul(flat, ops.expand_dims(ops.cast(kernel, self.compute_dtype), -1))
        logits = ops.cast(ops.reshape(logits, (regions, height, width)), "float32")
        return logits + ops.reshape(bias, (-1, 1, 1))


def _detail(head: MaskHeadConfig, dtype: Any) -> list[Conv]:
    """From a region's pixels to the grid that its features are pooled in."""
    shared: dict[str, Any] = {"activation": "relu", "dtype": dtype}
    return [
        Conv(head.detail // 2, 3, name="detail0", **shared),
        Conv(head.detail, 3, stride=2, name="detail1", **shared),
        Conv(head.detail, 3, name="detail2", **shared),
        Conv(head.channels, 3, init_scale=0.0, name="detail3", dtype=dtype),
    ]


class MaskHead(Composite):
    """Convolutions, a deconvolution, and the mask of one class.

    What it sees of the picture itself is added behind the first convolution, and is nothing before it has learnt.
    """

    def __init__(self, config: MaskRCNNConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        head, dtype = config.mask_head, self.dtype_policy
        shared: dict[str, Any] = {
            "norm": head.norm, "epsilon": head.norm_epsilon, "activation": "relu", "dtype": dtype
        }  # fmt: skip
        inputs = [config.fpn.channels, *(head.channels for _ in range(head.convs - 1))]
        self.convs = [
            conv3x3(
                head.channels, channels, head.depth_multiplier, name=f"conv{i}", bias=head.conv_bias, **shared
            )
            for i, channels in enumerate(inputs)
        ]
        self.detail = _detail(head, dtype) if head.detail else []
        self.upsample = Deconv2x2(head.channels, activation="relu", name="upsample", dtype=dtype)
        self.logits = ClassMask(config.num_classes, name="logits", dtype=dtype)

    def call(self, inputs: Any, class_index: Any, pixels: Any | None = None, training: bool = False) -> Any:
        """Regions [R, pool, pool, C] and classifier outputs int32 [R] to logits float32 [R, 2 pool, 2 pool].

        pixels : the network's input in each region [R, 2 pool, 2 pool, 3], of a head that looks at it.
        """
        outputs = inputs
        for place, conv in enumerate(self.convs):
            outputs = conv(outputs, training=training)
            if place == 0 and self.detail:
                outputs = outputs + self._seen(pixels, training)
        return self.logits(self.upsample(outputs, training=training), class_index)

    def _seen(self, pixels: Any, training: bool) -> Any:
        for conv in self.detail:
            pixels = conv(pixels, training=training)
        return pixels
