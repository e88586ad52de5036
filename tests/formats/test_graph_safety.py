from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import WeightsError
from pipeline.formats.graph_safety import refuse_unsafe_saved_model

tf = pytest.importorskip("tensorflow")


def meta_graph(op: str, served: str) -> Any:
    """`detect` calls the function `outer`, which calls `inner`; `aside` is called by nothing.

    op : an operation that stands in the function `served`.
    """
    graph = tf.compat.v1.MetaGraphDef()
    graph.graph_def.node.add(name="detect", op="PartitionedCall").attr["f"].func.name = "outer"
    for name in ("outer", "inner", "aside"):
        function = graph.graph_def.library.function.add()
        function.signature.name = name
        function.node_def.add(name="n", op=op if name == served else "NoOp")
    branches = graph.graph_def.library.function[0].node_def.add(name="case", op="Case").attr["branches"]
    branches.list.func.add(name="inner")
    graph.graph_def.node.add(name="boxes", op="Identity", input=["detect:1"])
    graph.signature_def["serving_default"].outputs["detection_boxes"].name = "boxes:0"
    return graph


@pytest.mark.parametrize("op", ["RestoreV2", "SaveV2", "MergeV2Checkpoints"])
def test_checkpoint_operations_are_found_through_every_call(op: str) -> None:
    refuse_unsafe_saved_model(meta_graph(op, "aside"), "m")
    for served in ("outer", "inner"):
        with pytest.raises(WeightsError, match=f"{op} at '{served}'"):
            refuse_unsafe_saved_model(meta_graph(op, served), "m")


def test_other_forbidden_operations_are_refused_even_aside() -> None:
    with pytest.raises(WeightsError, match="WriteFile at 'aside'"):
        refuse_unsafe_saved_model(meta_graph("WriteFile", "aside"), "m")


def test_what_runs_to_initialise_is_served_too() -> None:
    graph = meta_graph("SaveV2", "aside")
    graph.graph_def.node.add(name="init", op="aside")
    refuse_unsafe_saved_model(graph, "m")
    graph.collection_def["legacy_init_op"].node_list.value.append("init")
    with pytest.raises(WeightsError, match="SaveV2 at 'aside'"):
        refuse_unsafe_saved_model(graph, "m")


def test_functions_of_the_object_graph_are_served() -> None:
    graph = meta_graph("SaveV2", "aside")
    graph.object_graph_def.concrete_functions["aside"].SetInParent()
    with pytest.raises(WeightsError, match="SaveV2 at 'aside'"):
        refuse_unsafe_saved_model(graph, "m")
