from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import WeightsError
from pipeline.formats.graph_operations import ALLOWED
from pipeline.formats.graph_safety import refuse_unsafe_graph, refuse_unsafe_saved_model

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


def test_every_allowed_operation_is_one_of_tensorflow_s() -> None:
    from tensorflow.python.framework import op_def_registry

    known = {name for name in ALLOWED if op_def_registry.get(name)}
    # Versions of TensorArray's methods that there never were.
    assert {name for name in ALLOWED - known if not name.startswith("TensorArray")} == set()


@pytest.mark.parametrize(
    "words",
    [
        "File",
        "Reader",
        "Dataset",
        "PyFunc",
        "Rpc",
        "Send",
        "Recv",
        "Abort",
        "Sleep",
        "Summary",
        "Debug",
        "Collective",
        "Xla",
        "TPU",
        "Save",
        "Restore",
        "Queue",
        "Iterator",
        "Gpu",
        "Nccl",
        "Callback",
        "Print",
        "Exit Process",
        "Barrier",
        "Session",
        "Custom",
    ],
)
def test_nothing_allowed_goes_outside(words: str) -> None:
    assert [name for name in ALLOWED if words in name] == []


def test_the_operations_of_frozen_detection_graphs_are_allowed() -> None:
    """As TensorFlow 1's Object Detection API exports Mask R-CNN: the network, and how it cuts, sorts and loops."""
    network = (
        "Placeholder Const Identity Conv2D DepthwiseConv2dNative BiasAdd FusedBatchNorm FusedBatchNormV3 Relu Relu6 "
        "MaxPool AvgPool MatMul Add AddV2 AddN Sub Mul RealDiv FloorDiv FloorMod Maximum Minimum Exp Log Sqrt Rsqrt "
        "Square Sigmoid Softmax Tanh Round Floor Ceil Pad SpaceToBatchND BatchToSpaceND Conv2DBackpropInput Mean Sum "
        "Max Min Prod All Any Assert NoOp"
    )
    cutting = (
        "CropAndResize ResizeBilinear ResizeNearestNeighbor NonMaxSuppression NonMaxSuppressionV2 "
        "NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5 CombinedNonMaxSuppression TopKV2 Where Size Shape "
        "Rank Unpack Pack ConcatV2 Concat Split SplitV Slice StridedSlice Gather GatherV2 GatherNd Reshape Squeeze "
        "ExpandDims Transpose Tile Fill Range Cast ZerosLike OneHot ArgMax Reverse ReverseV2 Unique Select "
        "Greater GreaterEqual Less LessEqual Equal NotEqual LogicalAnd LogicalOr LogicalNot StopGradient"
    )
    loops = (
        "Enter Exit Switch Merge NextIteration LoopCond TensorArrayV3 TensorArrayReadV3 TensorArrayWriteV3 "
        "TensorArrayGatherV3 TensorArrayScatterV3 TensorArraySizeV3 DecodeJpeg DecodePng"
    )
    assert set(f"{network} {cutting} {loops}".split()) - set(ALLOWED) == set()


@pytest.mark.parametrize(
    "name",
    [
        "WriteFile",
        "ReadFile",
        "MatchingFiles",
        "ImmutableConst",
        "EagerPyFunc",
        "Abort",
        "PrintV2",
        "RemoteCall",
    ],
)
def test_an_operation_that_goes_outside_is_refused_by_its_name(name: str) -> None:
    graph = tf.compat.v1.GraphDef()
    graph.node.add(name="innocent", op=name)
    with pytest.raises(WeightsError, match=f"{name} at 'innocent'"):
        refuse_unsafe_graph(graph, "m")


def test_a_function_that_is_called_like_an_operation_hides_nothing() -> None:
    graph = tf.compat.v1.GraphDef()
    graph.library.function.add().signature.name = "WriteFile"
    graph.node.add(name="innocent", op="WriteFile")
    with pytest.raises(WeightsError, match="WriteFile at 'innocent'"):
        refuse_unsafe_graph(graph, "m")


def test_an_operation_that_is_called_as_a_function_is_refused() -> None:
    graph = tf.compat.v1.GraphDef()
    graph.node.add(name="innocent", op="If").attr["then_branch"].func.name = "WriteFile"
    with pytest.raises(WeightsError, match=r"called as a function[\s\S]*WriteFile at 'innocent'"):
        refuse_unsafe_graph(graph, "m")


def zoo_like(frames: Any) -> Any:
    """Everything a detector of the zoo does, in little: resizing in a loop, suppression, crops, masks.

    Matterport's Mask R-CNN takes the intersection of two sets of boxes besides.
    """

    def one(frame: Any) -> Any:
        return tf.image.resize(tf.cast(frame, tf.float32), [32, 32])

    resized = tf.map_fn(one, frames, fn_output_signature=tf.float32)
    features = tf.nn.relu6(tf.nn.conv2d(resized, tf.ones([3, 3, 3, 4]), 1, "SAME"))
    features = tf.compat.v1.nn.fused_batch_norm(
        features, tf.ones(4), tf.zeros(4), tf.zeros(4), tf.ones(4), is_training=False
    )[0]
    boxes = tf.constant([[0.0, 0.0, 0.5, 0.5], [0.1, 0.1, 0.9, 0.9]])
    scores = tf.nn.softmax(tf.reduce_mean(features, axis=[1, 2]))[0, :2]
    kept = tf.image.non_max_suppression_with_scores(boxes, scores, 2)[0]
    crops = tf.image.crop_and_resize(features, tf.gather(boxes, kept), tf.zeros_like(kept), [7, 7])
    crops = tf.nn.max_pool2d(
        tf.nn.conv2d_transpose(crops, tf.ones([2, 2, 4, 4]), [tf.shape(crops)[0], 14, 14, 4], 2), 2, 2, "SAME"
    )
    found = tf.where(scores > 0.0)
    both = tf.sparse.to_dense(tf.sets.intersection(tf.cast(kept, tf.int64)[None], found[None, :, 0]))
    final = tf.image.combined_non_max_suppression(boxes[None, :, None], scores[None, :, None], 2, 2)
    branch = tf.cond(tf.shape(found)[0] > 0, lambda: tf.sigmoid(crops), lambda: tf.zeros_like(crops))
    return branch, final, both, tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])


@pytest.mark.parametrize("control_flow_v2", [False, True])
def test_what_detectors_of_the_zoo_do_is_allowed(control_flow_v2: bool) -> None:
    v1 = tf.compat.v1
    (v1.enable_control_flow_v2 if control_flow_v2 else v1.disable_control_flow_v2)()
    try:
        with v1.Graph().as_default() as graph:
            zoo_like(v1.placeholder(tf.uint8, [None, None, None, 3]))
            graph_def = graph.as_graph_def()
    finally:
        v1.enable_control_flow_v2()
    ops = {node.op for node in graph_def.node}
    assert ("StatelessWhile" if control_flow_v2 else "NextIteration") in ops
    refuse_unsafe_graph(graph_def, "m")
