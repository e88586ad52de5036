"""The network as one compiled program for one frame size and batch, on whichever backend Keras runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.precision import gpu_capability

#: Frames uint8 [B, H, W, 3] to the arrays that `MaskRCNN.call` names.
Program = Callable[[NDArray[np.uint8]], dict[str, NDArray[Any]]]


def compile_program(model: MaskRCNN, shape: tuple[int, int, int], jit: bool | None = None) -> Program:
    """The program for `shape` = (B, H, W).

    jit : compile with XLA (or torch.compile); None: on a GPU only. XLA's convolutions on a CPU are many times slower
        than the hand-written ones that TensorFlow calls without it. JAX is always XLA.
    """
    jit = gpu_capability() is not None if jit is None else jit
    backend = keras.backend.backend()
    makers = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
    if backend not in makers:
        raise ConfigError("KERAS_BACKEND must be tensorflow, jax or torch.", found=backend)
    return makers[backend](model, (*shape, 3), jit)


def _tensorflow(model: MaskRCNN, shape: tuple[int, ...], jit: bool) -> Program:
    """A graph with the weights as its constants, so folded kernels and layouts are computed once, at the first call."""
    import tensorflow as tf

    names: list[str] = []
    # NumPy arrays become constants of the graph; tensors would become its inputs.
    trainable = [variable.numpy() for variable in model.trainable_variables]
    fixed = [variable.numpy() for variable in model.non_trainable_variables]

    @tf.function(jit_compile=jit, input_signature=[tf.TensorSpec(shape, tf.uint8)], autograph=False)
    def run(frames: Any) -> tuple[Any, ...]:
        outputs, _ = model.stateless_call(trainable, fixed, frames)
        names[:] = outputs
        return tuple(outputs.values())

    program = run.get_concrete_function()
    return lambda frames: dict(
        zip(names, (value.numpy() for value in program(tf.constant(frames))), strict=True)
    )


def _jax(model: MaskRCNN, shape: tuple[int, ...], jit: bool) -> Program:
    import jax

    del jit  # JAX has no other way to run than XLA
    trainable = [variable.value for variable in model.trainable_variables]
    fixed = [variable.value for variable in model.non_trainable_variables]

    @jax.jit
    def run(trainable: Any, fixed: Any, frames: Any) -> Any:
        outputs, _ = model.stateless_call(trainable, fixed, frames)
        return outputs

    compiled = run.lower(trainable, fixed, jax.ShapeDtypeStruct(shape, "uint8")).compile()
    return lambda frames: {name: np.asarray(v) for name, v in compiled(trainable, fixed, frames).items()}


def _torch(model: MaskRCNN, shape: tuple[int, ...], jit: bool) -> Program:
    import torch

    del shape
    call = torch.compile(model) if jit else model

    def run(frames: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        with torch.no_grad():
            outputs = call(keras.ops.convert_to_tensor(frames))
        return {name: keras.ops.convert_to_numpy(value) for name, value in outputs.items()}

    return run
