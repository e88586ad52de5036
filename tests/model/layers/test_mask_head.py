from dataclasses import replace

import numpy as np

from pipeline.model.config import MaskRCNNConfig
from pipeline.model.layers.mask_head import MaskHead
from tests.model.small import small_config


def with_detail(channels: int) -> MaskRCNNConfig:
    config = small_config()
    return replace(config, mask_head=replace(config.mask_head, detail=channels))


def test_a_fresh_look_at_the_picture_changes_nothing_and_one_that_has_learnt_does() -> None:
    random = np.random.default_rng(0)
    regions = random.normal(size=(2, 14, 14, 16)).astype(np.float32)
    pixels = random.normal(size=(2, 28, 28, 3)).astype(np.float32)
    kinds = np.array([1, 2], np.int32)
    plain, seeing = MaskHead(with_detail(0), name="head"), MaskHead(with_detail(8), name="head")
    expected, _ = plain(regions, kinds), seeing(regions, kinds, pixels)
    known = {variable.path: variable for variable in plain.weights}
    for variable in seeing.weights:
        if variable.path in known:
            variable.assign(known[variable.path])
    np.testing.assert_array_equal(seeing(regions, kinds, pixels), expected)
    seeing.detail[-1].kernel.assign(np.ones((3, 3, 8, 16)))
    seen = np.asarray(seeing(regions, kinds, pixels))
    assert np.abs(seen - seeing(regions, kinds, pixels[:, ::-1])).max() > 1e-4
