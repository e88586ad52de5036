from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.formats.account import Rule, account

KERNEL = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_each_variable_gets_its_tensor_in_its_own_order_of_axes() -> None:
    arrays = account(
        {"dense/kernel": (3, 2), "dense/bias": (2,)},
        {"fc.weight": KERNEL, "fc.bias": np.float32([7, 8])},
        {"dense/kernel": Rule("fc.weight", np.transpose), "dense/bias": Rule("fc.bias")},
    )
    np.testing.assert_array_equal(arrays["dense/kernel"], [[0, 3], [1, 4], [2, 5]])
    np.testing.assert_array_equal(arrays["dense/bias"], [7, 8])


def test_one_tensor_may_feed_two_variables() -> None:
    rules = {"a": Rule("w", lambda w: w[0]), "b": Rule("w", lambda w: w[1])}
    arrays = account({"a": (3,), "b": (3,)}, {"w": KERNEL}, rules)
    np.testing.assert_array_equal(arrays["b"], [3, 4, 5])


def test_the_error_lists_both_sides_and_both_shapes() -> None:
    with pytest.raises(WeightsError) as caught:
        account(
            {"a/kernel": (2, 3), "b/kernel": (4,), "c/kernel": (5,), "d/kernel": (1,)},
            {"a": KERNEL.T, "left.over": np.zeros((8, 8)), "d": np.zeros(2)},
            {
                "a/kernel": Rule("a"),
                "b/kernel": Rule("b.weight"),
                "d/kernel": Rule("d", lambda w: w.reshape(1)),
            },
            where="some.pth",
        )
    text = str(caught.value)
    assert text.startswith("some.pth holds the weights of another network")
    missing = "b/kernel [4] <- b.weight, c/kernel [5] <- no rule"
    assert f"2 variables of the model without a tensor: {missing}; 1 tensors of the file" in text
    assert "1 tensors of the file that no variable took: left.over [8, 8]; 2 shapes that differ" in text
    assert "a/kernel [2, 3] <- a [3, 2], which becomes [3, 2]" in text
    assert "d/kernel [1] <- d [2]: cannot reshape array of size 2" in text


def test_a_tensor_is_ignored_only_by_name() -> None:
    source = {"w": KERNEL, "bn.num_batches_tracked": np.array(3)}
    call = ({"w": (2, 3)}, source, {"w": Rule("w")})
    with pytest.raises(WeightsError, match=r"bn\.num_batches_tracked \[\]"):
        account(*call)
    assert list(account(*call, ignored={r"\.num_batches_tracked$": "counts steps"})) == ["w"]


def test_a_rule_for_a_variable_that_the_model_lacks_does_not_use_its_tensor_up() -> None:
    with pytest.raises(WeightsError, match="1 tensors of the file"):
        account({}, {"w": KERNEL}, {"gone": Rule("w")})


def test_long_lists_are_cut_and_counted() -> None:
    with pytest.raises(WeightsError) as caught:
        account({f"v{i:02}": (1,) for i in range(40)}, {}, {})
    assert "40 variables" in str(caught.value)
    assert "v11 [1] <- no rule and 28 more" in str(caught.value)
    assert "v12" not in str(caught.value)
