"""A Keras network to OpenVINO's graphs of its stages."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import openvino

from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.staged.program_file import Graphs
from pipeline.model.staged.shapes import StageShapes
from pipeline.model.staged.stages import trace_stages


def convert(model: MaskRCNN, canvas: tuple[int, int]) -> Graphs:
    """The graphs of a float32 network for a canvas of (height, width) px."""
    graphs = {}
    for name, function in trace_stages(model, StageShapes.of(model.config, canvas))._asdict().items():
        graph = openvino.convert_model(function)
        _halve_constants(graph)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{name}.xml"
            openvino.save_model(graph, file, compress_to_fp16=False)
            graphs[name] = file.read_bytes(), file.with_suffix(".bin").read_bytes()
    return graphs


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
