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
from pipeline.model.staged.stages import trace_branch, trace_stages


def convert(model: MaskRCNN, canvas: tuple[int, int]) -> Graphs:
    """The graphs of a float32 network for a canvas of (height, width) px."""
    stages = trace_stages(model, StageShapes.of(model.config, canvas))
    return {name: _graph(function) for name, function in stages._asdict().items()}


def convert_branch(network: SemanticNetwork, canvas: tuple[int, int]) -> Graphs:
    """The graph of the branch alone of a float32 `panoptic_fpn`, for a canvas of (height, width) px."""
    body = network.body
    return {BRANCH_STAGE: _graph(trace_branch(body.branch, StageShapes.of(body.trunk_config, canvas)))}


def _graph(function: Any) -> tuple[bytes, bytes]:
    """Graph and weights of a traced function."""
    graph = openvino.convert_model(function)
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
