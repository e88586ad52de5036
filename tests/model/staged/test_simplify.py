from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import openvino
import pytest
from openvino import opset8

from pipeline.model.staged.simplify import simplify

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


def transposed(node: Any, order: tuple[int, ...]) -> Any:
    return opset8.transpose(node, opset8.constant(np.array(order)))


def pooled(images: Any, border: float, sides: tuple[int, ...] = (0, 0, 1, 1)) -> Any:
    padded = opset8.pad(images, np.array(sides), np.array(sides), "constant", np.float32(border))
    return opset8.max_pool(padded, [2, 2], [1, 1], [0, 0], [0, 0], [3, 3])


def found(graph: Any) -> list[np.ndarray]:
    images = -1.0 - np.random.default_rng(0).random((1, 3, 8, 10), np.float32)
    outputs = openvino.Core().compile_model(graph, "CPU")(images)
    return [outputs[place].copy() for place in range(len(graph.outputs))]


def operations(graph: Any) -> Counter[str]:
    return Counter(node.get_type_name() for node in graph.get_ops())


def test_a_transpose_that_undoes_another_goes_though_both_are_read() -> None:
    images = opset8.parameter([1, 3, 8, 10], np.float32)
    last = transposed(images, TO_LAST)
    graph = openvino.Model([opset8.abs(last), opset8.abs(transposed(last, TO_FIRST))], [images])
    before = found(graph)
    simplify(graph)
    assert operations(graph)["Transpose"] == 1
    for one, other in zip(found(graph), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_border_of_minus_infinity_goes_into_the_pool() -> None:
    images = opset8.parameter([1, 3, 8, 10], np.float32)
    graph = openvino.Model([pooled(images, -np.inf)], [images])
    (before,) = found(graph)
    simplify(graph)
    assert operations(graph)["Pad"] == 0
    np.testing.assert_array_equal(found(graph)[0], before)


@pytest.mark.parametrize(
    "changed",
    [
        lambda images: pooled(images, 0.0),
        lambda images: pooled(images, -np.inf, (0, 1, 1, 1)),
        lambda images: transposed(transposed(images, TO_LAST), TO_LAST),
    ],
    ids=["zeros around", "more channels", "transposes that turn on"],
)
def test_what_changes_numbers_stays(changed: Any) -> None:
    images = opset8.parameter([1, 3, 8, 10], np.float32)
    graph = openvino.Model([opset8.abs(changed(images))], [images])
    before = operations(graph)
    simplify(graph)
    assert operations(graph) == before
