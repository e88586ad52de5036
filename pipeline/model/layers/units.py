"""The units every part is made of: convolution or dense product, then norm, then activation.

Outside training the norm is an affine map, and it is folded into the kernel: `norm(x * k + b)` costs one convolution.
The variables stay those of the source, so a checkpoint maps onto them one to one and training can go on; a compiled
program folds once, as all of it is constant there.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from pipeline.model.config import Norm

#: Share of the moving statistics that a training step keeps. At 0.99 a network trained from random weights for 200
#: steps still ran with 13% of the ones and zeros it began with; averaging the weights averages over many steps anyway.
MOMENTUM = 0.95


class Unit(keras.layers.Layer):
    """activation(norm(product(x, kernel) + bias)); subclasses say what the product is.

    Parameters
    ----------
    units : output channels.
    norm : `none`, `batch` (its statistics move in training) or `frozen` (they never do).
    bias : whether the product has a bias of its own; None: if it has no norm.
    activation : `relu`, `relu6`, `leaky_relu` (slope 0.1) or None.
    reads : kernel row of each channel of the input, where they come in another order; None: in the kernel's.
    writes : kernel column that each channel of the output is to be; None: in the kernel's order.

    Permuting a kernel costs nothing in a compiled program, permuting features does. Variables keep the source's order.

    """

    def __init__(
        self,
        units: int,
        *,
        norm: Norm = "none",
        epsilon: float = 1e-5,
        bias: bool | None = None,
        activation: str | None = None,
        init_scale: float | None = None,
        reads: NDArray[np.int64] | None = None,
        writes: NDArray[np.int64] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._reads, self._writes = reads, writes
        self.units, self.norm, self.epsilon = units, norm, epsilon
        self.has_bias = norm == "none" if bias is None else bias
        self.activation = _leaky_relu if activation == "leaky_relu" else keras.activations.get(activation)
        self.init_scale = init_scale

    def kernel_shape(self, channels: int) -> tuple[int, ...]:
        """Shape of the kernel for an input of that many channels; the last axis is the output's."""
        raise NotImplementedError

    def product(self, inputs: Any, kernel: Any) -> Any:
        """The linear map of the inputs."""
        raise NotImplementedError

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the variables, in float32 whatever the compute type, so that folding loses nothing."""
        kernel = self.kernel_shape(int(input_shape[-1] or 0))
        start = keras.initializers.HeNormal() if self.init_scale is None else keras.initializers.RandomNormal(
            stddev=self.init_scale
        )  # fmt: skip
        self.kernel = self._add("kernel", kernel, start)
        channels = (kernel[-1],)
        if self.has_bias:
            self.bias = self._add("bias", channels, "zeros")
        if self.norm != "none":
            moves = self.norm == "batch"
            self.gamma = self._add("gamma", channels, "ones", moves)
            self.beta = self._add("beta", channels, "zeros", moves)
            self.moving_mean = self._add("moving_mean", channels, "zeros", False)
            self.moving_variance = self._add("moving_variance", channels, "ones", False)

    def _add(self, name: str, shape: tuple[int, ...], start: Any, trainable: bool = True) -> Any:
        return self.add_weight(
            name=name, shape=shape, initializer=start, trainable=trainable, dtype="float32", autocast=False
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The unit's output in the compute type; `training` uses the batch's own statistics for norm `batch`."""
        if training and self.norm == "batch":
            outputs = self._batch_norm(self.product(inputs, self._cast(self._arranged(self.kernel))))
        else:
            kernel, bias = self._folded()
            outputs = self.product(inputs, self._cast(self._arranged(kernel)))
            outputs = outputs if bias is None else outputs + self._cast(self._written(bias))
        return self.activation(outputs)

    def _cast(self, value: Any) -> Any:
        return ops.cast(value, self.compute_dtype)

    def _arranged(self, kernel: Any) -> Any:
        """The kernel for channels in the order in which they come and go."""
        kernel = kernel if self._reads is None else ops.take(kernel, self._reads, axis=-2)
        return self._written(kernel)

    def _written(self, values: Any) -> Any:
        """Values of the output's channels, which are the last axis, in the order in which these go."""
        return values if self._writes is None else ops.take(values, self._writes, axis=-1)

    def _folded(self) -> tuple[Any, Any]:
        bias = ops.convert_to_tensor(self.bias) if self.has_bias else None
        if self.norm == "none":
            return ops.convert_to_tensor(self.kernel), bias
        scale = self.gamma * ops.rsqrt(self.moving_variance + self.epsilon)
        shift = (0.0 if bias is None else bias) - self.moving_mean
        return self.kernel * scale, self.beta + shift * scale

    def _batch_norm(self, outputs: Any) -> Any:
        outputs = ops.cast(outputs, "float32")
        if self.has_bias:
            outputs = outputs + self._written(self.bias)
        mean, variance = ops.moments(outputs, axes=tuple(range(outputs.ndim - 1)))
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            value = value if self._writes is None else ops.take(value, np.argsort(self._writes), axis=-1)
            moving.assign(moving * MOMENTUM + ops.stop_gradient(value) * (1.0 - MOMENTUM))
        scale = self._written(self.gamma) * ops.rsqrt(variance + self.epsilon)
        return self._cast(outputs * scale + (self._written(self.beta) - mean * scale))


def _leaky_relu(values: Any) -> Any:
    # Not keras.ops.leaky_relu: a maximum fuses with the convolution before it, and the slope is a fixed one.
    return ops.maximum(values, 0.1 * values)


class Conv(Unit):
    """Convolution unit on [B, H, W, C]; `size` x `size`, padded by `size` // 2 on every side unless `valid`.

    same : pads like TensorFlow's `same`; where the stride is 2 and a side even, by `size` // 2 at its end and one less
        before its start.
    """

    def __init__(
        self,
        units: int,
        size: int,
        *,
        stride: int = 1,
        depthwise: bool = False,
        valid: bool = False,
        same: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, **kwargs)
        self.size, self.stride, self.depthwise = size, stride, depthwise
        self.valid, self.same = valid, same

    def kernel_shape(self, channels: int) -> tuple[int, ...]:
        """[size, size, C, units]; for a depthwise one [size, size, C], one filter a channel."""
        return (
            (self.size, self.size, channels)
            if self.depthwise
            else (self.size, self.size, channels, self.units)
        )

    def product(self, inputs: Any, kernel: Any) -> Any:
        """The convolution. Stride 2 is padded by hand: TensorFlow's `same` pads an even side at its end only."""
        pad = 0 if self.valid else self.size // 2
        padding = "same" if pad and (self.same or self.stride == 1) else "valid"
        if pad and padding == "valid":
            inputs = ops.pad(inputs, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
        strides = (self.stride, self.stride)
        if self.depthwise:
            return ops.depthwise_conv(
                inputs, ops.expand_dims(kernel, -1), strides, padding, data_format="channels_last"
            )
        return ops.conv(inputs, kernel, strides, padding, data_format="channels_last")


class Dense(Unit):
    """Dense unit on [..., C]."""

    def kernel_shape(self, channels: int) -> tuple[int, ...]:
        """[C, units]."""
        return channels, self.units

    def product(self, inputs: Any, kernel: Any) -> Any:
        """The matrix product."""
        return ops.matmul(inputs, kernel)


class Deconv2x2(Unit):
    """2x2 deconvolution of stride 2 on [B, H, W, C]: no two outputs share a pixel, so it is a dense product a pixel."""

    def kernel_shape(self, channels: int) -> tuple[int, ...]:
        """[2, 2, C, units]: row and column of the output pixel in its 2x2 block, input, output."""
        return 2, 2, channels, self.units

    def product(self, inputs: Any, kernel: Any) -> Any:
        """The deconvolution: [B, H, W, C] to [B, 2 H, 2 W, units]."""
        batch, height, width, channels = inputs.shape
        flat = ops.reshape(ops.transpose(kernel, (2, 0, 1, 3)), (channels, 4 * self.units))
        blocks = ops.matmul(ops.reshape(inputs, (-1, channels)), flat)
        blocks = ops.reshape(blocks, (batch, height, width, 2, 2, self.units))
        return ops.reshape(
            ops.transpose(blocks, (0, 1, 3, 2, 4, 5)), (batch, 2 * height, 2 * width, self.units)
        )
