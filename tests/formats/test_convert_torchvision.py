import numpy as np
import pytest

from pipeline.formats.convert.torchvision import modern_names, rules


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("backbone.fpn.inner_blocks.2.weight", "backbone.fpn.inner_blocks.2.0.weight"),
        ("backbone.fpn.layer_blocks.0.bias", "backbone.fpn.layer_blocks.0.0.bias"),
        ("rpn.head.conv.weight", "rpn.head.conv.0.0.weight"),
        ("roi_heads.mask_head.mask_fcn1.weight", "roi_heads.mask_head.0.0.weight"),
        ("roi_heads.mask_head.mask_fcn4.bias", "roi_heads.mask_head.3.0.bias"),
    ],
)
def test_names_of_the_published_v1_file_are_brought_up_to_date(old: str, new: str) -> None:
    assert modern_names({old: 1}) == {new: 1}
    assert modern_names({new: 1}) == {new: 1}


def test_the_first_dense_layer_of_either_head_is_found() -> None:
    plain = {"box_head/dense0/kernel": (18, 5)}
    assert rules(plain, 3)["box_head/dense0/kernel"].source == "roi_heads.box_head.fc6.weight"
    deep = {**plain, **{f"box_head/conv{i}/kernel": (3, 3, 2, 2) for i in range(4)}}
    assert rules(deep, 3)["box_head/dense0/kernel"].source == "roi_heads.box_head.5.weight"


def test_a_flattened_region_changes_from_channels_first_to_channels_last() -> None:
    region = np.arange(18.0).reshape(2, 3, 3)  # [C, pool, pool]
    weight = np.random.default_rng(0).normal(size=(5, 18))
    transform = rules({"box_head/dense0/kernel": (18, 5)}, 3)["box_head/dense0/kernel"].transform
    ours = region.transpose(1, 2, 0).reshape(-1) @ transform(weight)
    np.testing.assert_allclose(ours, weight @ region.reshape(-1))


def test_stages_and_levels_are_renumbered() -> None:
    variables = {
        "backbone/stage3_block2/conv2/kernel": (3, 3, 4, 4),
        "backbone/stage3_block0/shortcut/moving_variance": (4,),
        "fpn/lateral2/kernel": (1, 1, 4, 4),
        "fpn/output5/gamma": (4,),
    }
    sources = {path: rule.source for path, rule in rules(variables, 7).items()}
    assert list(sources.values()) == [
        "backbone.body.layer2.2.conv2.weight",
        "backbone.body.layer2.0.downsample.1.running_var",
        "backbone.fpn.inner_blocks.0.0.weight",
        "backbone.fpn.layer_blocks.3.1.weight",
    ]
