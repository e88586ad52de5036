import numpy as np

from pipeline.formats.convert.matterport import rules


def test_blocks_are_lettered_and_branches_named() -> None:
    variables = {
        "backbone/stem/moving_mean": (4,),
        "backbone/stage4_block22/conv2/kernel": (3, 3, 4, 4),
        "backbone/stage2_block0/shortcut/gamma": (4,),
        "fpn/lateral5/bias": (4,),
        "box_head/dense1/moving_variance": (4,),
        "mask_head/conv3/kernel": (3, 3, 4, 4),
    }
    assert [rule.source for rule in rules(variables).values()] == [
        "bn_conv1/moving_mean",
        "res4w_branch2b/kernel",
        "bn2a_branch1/gamma",
        "fpn_c5p5/bias",
        "mrcnn_class_bn2/moving_variance",
        "mrcnn_mask_conv4/kernel",
    ]


def test_offsets_change_from_y_first_to_x_first_box_by_box() -> None:
    transform = rules({"rpn/offsets/bias": (8,)})["rpn/offsets/bias"].transform
    assert transform(np.arange(8)).tolist() == [1, 0, 3, 2, 5, 4, 7, 6]


def test_a_convolution_over_the_whole_region_becomes_a_dense_layer() -> None:
    kernel = np.arange(2 * 2 * 3 * 4).reshape(2, 2, 3, 4)
    transform = rules({"box_head/dense0/kernel": (12, 4)})["box_head/dense0/kernel"].transform
    np.testing.assert_array_equal(transform(kernel), kernel.reshape(12, 4))


def test_the_deconvolution_swaps_inputs_and_outputs() -> None:
    kernel = np.arange(2 * 2 * 3 * 4).reshape(2, 2, 3, 4)
    path = "mask_head/upsample/kernel"
    np.testing.assert_array_equal(
        rules({path: (2, 2, 4, 3)})[path].transform(kernel)[1, 0, 3, 2], kernel[1, 0, 2, 3]
    )
