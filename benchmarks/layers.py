"""Milliseconds of each kind of operation in a network's stages under OpenVINO, as OpenVINO itself counts them.

    [ONEDNN_MAX_CPU_ISA=AVX2] python benchmarks/layers.py [NETWORK] [--rounds 40] [--least 0.3]

One thread computes, as for each caller of the product; of each operation the quickest of the rounds counts, since these
are seconds of the clock and not of the CPU. The box head is timed with as many regions as it takes at a time, the mask
head with four objects. GFLOP/s of convolutions, a multiplication and an addition being two, tell how far they are from
what the core can do. Operations from --least ms on are listed one by one.
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

import pipeline  # noqa: F401 - first, as it turns OpenVINO's telemetry off

# isort: split
import numpy as np
import openvino

from pipeline.networks.programs import find_program
from pipeline.networks.registry import find_source

_SETTINGS = {
    "NUM_STREAMS": 1,
    "INFERENCE_NUM_THREADS": 1,
    "INFERENCE_PRECISION_HINT": "f32",
    "PERF_COUNT": True,
}


def main() -> None:
    """Time the stages and print a table of each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("network", nargs="?", default="dashcam-lite")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--least", type=float, default=0.3, metavar="MS")
    arguments = parser.parse_args()
    source = find_source(arguments.network)
    assert source.entry is not None, f"{arguments.network} is not in the catalog"
    assert source.entry.input_size is not None, f"{arguments.network} has no canvas of its own"
    core = openvino.Core()
    for stage, (graph, weights) in find_program(source, source.entry.input_size).items():
        model = core.read_model(graph, openvino.Tensor(np.frombuffer(weights, np.uint8)))
        show(stage, timed(core, model, arguments.rounds), gflop_of(model), arguments.least)


def timed(core: Any, model: Any, rounds: int) -> dict[str, tuple[str, float]]:
    """By the name of each operation: what computes it, and its least milliseconds."""
    request = core.compile_model(model, "CPU", _SETTINGS).create_infer_request()
    random = np.random.default_rng(0)
    inputs = [_input(port, random) for port in model.inputs]
    found: dict[str, tuple[str, float]] = {}
    for _ in range(rounds):
        request.infer(inputs)
        for info in request.get_profiling_info():
            ms = info.cpu_time.total_seconds() * 1e3
            known = found.get(info.node_name, ("", ms))
            found[info.node_name] = (f"{info.node_type} ({info.exec_type})", min(known[1], ms))
    return found


def gflop_of(model: Any) -> dict[str, float]:
    """By the name of each convolution."""
    return {
        node.get_friendly_name(): 2e-9
        * np.prod(node.get_output_shape(0))
        * np.prod(node.get_input_shape(1))
        / node.get_output_shape(0)[1]
        for node in model.get_ops()
        if node.get_type_name() in ("Convolution", "GroupConvolution")
    }


def show(stage: str, found: dict[str, tuple[str, float]], gflop: dict[str, float], least: float) -> None:
    """The stage's table."""
    total, work = Counter[str](), Counter[str]()
    for name, (kind, ms) in found.items():
        total[kind] += ms
        work[kind] += gflop.get(name, 0.0)
    print(f"\n{stage}: {total.total():.1f} ms")
    for kind, ms in total.most_common():
        if ms >= 0.05:
            print(f"  {ms:6.2f}  {kind}{_speed(work[kind], ms)}")
    for name, (kind, ms) in found.items():
        if ms >= least:
            print(f"      {ms:6.2f}  {kind}  {name}{_speed(gflop.get(name, 0.0), ms)}")


def _speed(gflop: float, ms: float) -> str:
    return f", {gflop / ms * 1e3:.0f} GFLOP/s" if gflop else ""


def _input(port: Any, random: np.random.Generator) -> Any:
    shape = tuple(port.shape)
    if port.element_type == openvino.Type.f32:
        return random.normal(size=shape).astype(np.float32)
    return np.zeros(shape, port.element_type.to_dtype())


if __name__ == "__main__":
    main()
