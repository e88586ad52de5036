import numpy as np
import pytest
from keras import ops

from pipeline.model.layers.separable import SeparableConv
from pipeline.model.layers.units import Conv


@pytest.mark.parametrize("multiplier", [1, 2])
def test_filters_and_products_together_are_a_dense_kernel(multiplier: int) -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(2, 5, 6, 3)).astype(np.float32)
    separable = SeparableConv(4, 3, multiplier, name="layer", norm="batch", activation="relu")
    dense = Conv(4, 3, norm="batch", activation="relu")
    separable(inputs), dense(inputs)
    for variable in separable.weights:
        variable.assign(random.uniform(0.2, 1.5, variable.shape))
    for leaf in ("gamma", "beta", "moving_mean", "moving_variance"):
        getattr(dense, leaf).assign(getattr(separable.pointwise, leaf))
    products = np.asarray(separable.pointwise.kernel)[0, 0].reshape(multiplier, 3, 4)
    filters = np.stack([np.asarray(conv.kernel) for conv in separable.depthwise])
    dense.kernel.assign(np.einsum("rhwc,rco->hwco", filters, products))
    np.testing.assert_allclose(separable(inputs), ops.convert_to_numpy(dense(inputs)), rtol=1e-4)
