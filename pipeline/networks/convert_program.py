"""The process that converts a network for OpenVINO, the only one that needs TensorFlow for that."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from pipeline.errors import SegVideoError


def answer(weights: str, kind: str, canvas: tuple[int, int], facts: dict[str, object], path: str) -> None:
    """Write the program to `path`; a SegVideoError is sent to the parent, and the process exits with 1."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", KERAS_BACKEND="tensorflow")
    from pipeline.model.staged.convert import convert, convert_branch
    from pipeline.model.staged.program_file import write_program
    from pipeline.networks.checkpoint import load_checkpoint
    from pipeline.networks.checkpoint_config import SEMANTIC
    from pipeline.networks.semantic import load_semantic

    try:
        size = canvas[0], canvas[1]
        if kind == SEMANTIC:
            graphs = convert_branch(load_semantic(Path(weights)), size)
        else:
            graphs = convert(load_checkpoint(weights, kind), size)
        write_program(Path(path), graphs, facts)
    except SegVideoError as error:
        told = [type(error).__name__, error.what, error.found, error.do]
        sys.stdout.buffer.write(b"\nerror " + json.dumps(told).encode())
        sys.stdout.buffer.flush()
        os._exit(1)
