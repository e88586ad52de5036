import numpy as np

from pipeline.model.learning import losses


def test_binary_cross_entropy_is_log_2_at_0_and_finite_far_out() -> None:
    values = losses.binary_cross_entropy(
        np.array([0.0, 200.0, -200.0], np.float32), np.array([1.0, 1.0, 1.0], np.float32)
    )
    np.testing.assert_allclose(values, [np.log(2.0), 0.0, 200.0], atol=1e-6)


def test_objectness_is_averaged_over_the_valid_samples() -> None:
    logits = np.array([[0.0, 0.0, 100.0]], np.float32)
    loss = losses.objectness_loss(logits, np.array([[True, False, False]]), np.array([[True, True, False]]))
    np.testing.assert_allclose(loss, np.log(2.0), rtol=1e-6)


def test_class_loss_is_the_negative_log_probability() -> None:
    logits = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], np.float32))
    members = np.array([[False, True, False], [False, False, True]])
    loss = losses.class_loss(logits, members, np.ones_like(members), np.array([True, True]))
    np.testing.assert_allclose(loss, -(np.log(0.25) + np.log(0.8)) / 2, rtol=1e-5)


def test_class_loss_of_several_right_outputs_is_on_the_sum_of_their_probabilities() -> None:
    logits = np.log(np.array([[0.5, 0.25, 0.125, 0.125]], np.float32))
    members = np.array([[False, True, True, False]])
    loss = losses.class_loss(logits, members, np.ones_like(members), np.array([True]))
    np.testing.assert_allclose(loss, -np.log(0.375), rtol=1e-5)


def test_class_loss_leaves_outputs_out_that_take_no_part() -> None:
    logits = np.log(np.array([[0.2, 0.2, 0.6]], np.float32))
    background = np.array([[True, False, False]])
    loss = losses.class_loss(logits, background, np.array([[True, True, False]]), np.array([True]))
    np.testing.assert_allclose(loss, np.log(2.0), rtol=1e-5)
    alone = losses.class_loss(logits, background, background, np.array([True]))
    np.testing.assert_allclose(alone, 0.0, atol=1e-6)


def test_box_loss_is_quadratic_near_and_linear_far() -> None:
    offsets = np.array([[0.5, 0.0, 0.0, 3.0]], np.float32)
    loss = losses.box_loss(offsets, np.zeros((1, 4), np.float32), np.array([True]), count=2)
    np.testing.assert_allclose(loss, (0.125 + 2.5) / 2)


def test_mask_loss_is_a_mean_over_cells_and_then_over_masks() -> None:
    logits = np.zeros((2, 28, 28), np.float32)
    logits[1] = 50.0
    targets = np.ones((2, 28, 28), np.float32)
    np.testing.assert_allclose(
        losses.mask_loss(logits, targets, np.array([True, True])), np.log(2.0) / 2, rtol=1e-5
    )


def test_without_a_valid_sample_every_loss_is_zero() -> None:
    none = np.array([False])
    one = np.ones((1, 28, 28), np.float32)
    assert float(losses.objectness_loss(np.array([3.0], np.float32), none, none)) == 0.0
    every = np.ones((1, 3), bool)
    assert float(losses.class_loss(np.ones((1, 3), np.float32), every, every, none)) == 0.0
    assert float(losses.box_loss(np.ones((1, 4), np.float32), np.zeros((1, 4), np.float32), none, 0)) == 0.0
    assert float(losses.mask_loss(one, one, none)) == 0.0
