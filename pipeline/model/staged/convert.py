"""A Keras network to OpenVINO's graphs of its stages."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import openvino

from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.semantic.semantic_network import SemanticNetwork
from pipeline.model.staged.program_file import BRANCH_STAGE, Graphs
from pipeline.model.staged.shapes import StageShapes
from pipeline.model.staged.simplify import simplify
from pipeline.model.staged.stages import trace_branch, trace_stages


def convert(model: MaskRCNN, canvas: tuple[int, int]) -> Graphs:
    """The graphs of a float32 network for a canvas of (height, width) px."""
    shapes = StageShapes.of(model.config, canvas)
    stages = trace_stages(model, shapes)
    return {
        "dense": _packed(_graph(stages.dense)),
        "boxes": _packed(_with_pooling(_graph(stages.boxes), shapes)),
        "masks": _packed(_with_pooling(_graph(stages.masks), shapes)),
    }


def convert_branch(network: SemanticNetwork, canvas: tuple[int, int]) -> Graphs:
    """The graph of the branch alone of a float32 `panoptic_fpn`, for a canvas of (height, width) px."""
    body = network.body
    shapes = StageShapes.of(body.trunk_config, canvas)
    return {BRANCH_STAGE: _packed(_graph(trace_branch(body.branch, shapes)))}


def _graph(function: Any) -> Any:
    """A traced function as a graph."""
    graph = openvino.convert_model(function)
    simplify(graph)
    return graph


def _with_pooling(graph: Any, shapes: StageShapes) -> Any:
    """The graph of a head, whose first input is pooled features, for the table and `cells_of_bins` in their place.

    A bin is a sum of a few vectors of the table, each with a weight. OpenVINO has that as one operation, of a tenth of
    the time that the gather and two matrix products of `pool_regions` take in it.
    """
    pooled, *others = graph.get_parameters()
    regions, rows, columns, channels = pooled.get_output_shape(0)
    ops, bins, taps = openvino.opset13, rows * columns, shapes.taps
    table = ops.parameter([shapes.cells, channels], np.float32)
    index, weights = (ops.parameter([regions, bins, taps], kind) for kind in (np.int32, np.float32))
    flat = ops.constant(np.array([regions * bins, taps]))
    sums = ops.embedding_bag_packed_sum(
        table, ops.reshape(index, flat, False), ops.reshape(weights, flat, False)
    )
    features = ops.reshape(sums, ops.constant(np.array([regions, rows, columns, channels])), False)
    for reader in pooled.output(0).get_target_inputs():
        reader.replace_source_output(features.output(0))
    return openvino.Model(graph.get_results(), [table, index, weights, *others])


def _packed(graph: Any) -> tuple[bytes, bytes]:
    """Graph and weights as they are stored."""
    _halve_constants(graph)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.xml"
        openvino.save_model(graph, file, compress_to_fp16=False)
        return file.read_bytes(), file.with_suffix(".bin").read_bytes()


def _halve_constants(graph: Any) -> None:
    """Keep constants as float16 where nothing is lost by it: kernels that were published so, which most are."""
    for node in graph.get_ops():
        if node.get_type_name() != "Constant" or node.get_element_type() != openvino.Type.f32:
            continue
        values = node.data
        with np.errstate(over="ignore"):
            narrow = values.astype(np.float16)
        if values.size > 1 and np.array_equal(narrow.astype(np.float32), values):
            wide = openvino.opset13.convert(openvino.opset13.constant(narrow), "f32")
            for reader in node.output(0).get_target_inputs():
                reader.replace_source_output(wide.output(0))
