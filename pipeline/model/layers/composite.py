"""Composite: a layer made of layers."""

from __future__ import annotations

from typing import Any

import keras


class Composite(keras.layers.Layer):
    """A layer whose variables are all those of the layers in it, which are built as they are called.

    Keras would find their shapes by a call of its own before the first one, on every level: units four levels down
    were traced sixteen times, which was half of the time it took to make a network.
    """

    def build(self, *shapes: Any, **named_shapes: Any) -> None:
        """Nothing of its own to make."""
