"""Refuses a TensorFlow graph with an operation that is not on the list of those a detection network is made of.

A graph is a program, and this leaves it no way to a file, another machine, Python, or the process's end. What remains:
a graph can use up memory and time, and TensorFlow's own kernels may have faults. Run only graphs whose publisher you
trust.

A SavedModel has the operations that save and restore its variables in it. They are let pass where they stand
aside: those that read a checkpoint anywhere but in what runs on frames or initialises, those that write one
anywhere but there and in what TensorFlow runs to restore the variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import WeightsError
from pipeline.formats.graph_operations import ALLOWED

#: Most bytes of a message of protobuf.
_LARGEST = 2**31 - 1

_READS_CHECKPOINTS = ("Restore", "RestoreSlice", "RestoreV2", "ShardedFilename", "ShardedFilespec")
_WRITES_CHECKPOINTS = ("Save", "SaveSlices", "SaveV2", "MergeV2Checkpoints")


@dataclass(frozen=True)
class _Reached:
    """Names of the nodes and of the functions that a call comes to."""

    nodes: frozenset[str]
    functions: frozenset[str]


def graph_bytes(path: Path) -> bytes:
    """The content of a graph's file. Raises OSError, also for more bytes than a graph can have."""
    size = path.stat().st_size
    if size > _LARGEST:
        raise OSError(f"{size} bytes, where a graph has {_LARGEST} at most")
    return path.read_bytes()


def refuse_unsafe_graph(graph_def: Any, where: str) -> None:
    """Raise WeightsError if a frozen graph (a GraphDef) holds an operation that is not allowed, or checkpoints."""
    _refuse_unknown(graph_def, where)
    for place, _, node in _operations(graph_def):
        if _is_checkpoint(node.op):
            raise _error(where, place, node.op, "reads or writes checkpoints")


def refuse_unsafe_saved_model(meta_graph: Any, where: str) -> None:
    """Raise WeightsError if a SavedModel (a MetaGraphDef) holds an operation that is not allowed where it stands."""
    graph_def = meta_graph.graph_def
    _refuse_unknown(graph_def, where)
    restore = meta_graph.saver_def.restore_op_name
    served = _reach(graph_def, _served_nodes(meta_graph), meta_graph.object_graph_def.concrete_functions)
    restored = _reach(graph_def, [restore] if restore else [], [])
    for place, function, node in _operations(graph_def):
        in_served = place in (served.functions if function else served.nodes)
        in_restored = place in (restored.functions if function else restored.nodes)
        if node.op in _READS_CHECKPOINTS and in_served:
            raise _error(where, place, node.op, "reads checkpoints while it works")
        if node.op in _WRITES_CHECKPOINTS and (in_served or in_restored):
            raise _error(where, place, node.op, "writes checkpoints while it is loaded or works")


def _refuse_unknown(graph_def: Any, where: str) -> None:
    """Raise WeightsError for an operation that is neither allowed nor a function of the graph's own."""
    own = {function.signature.name for function in graph_def.library.function}
    own = {name for name in own if not _is_tensorflow_s(name)}
    for place, _, node in _operations(graph_def):
        op, *functions = _called(node)
        if op not in ALLOWED and op not in own and not _is_checkpoint(op):
            raise _error(where, place, op, "is none that a detection network is made of")
        for name in functions:
            if name and name not in own:
                raise _error(where, place, name, "is called as a function, and is none of the graph's own")


def _is_tensorflow_s(name: str) -> bool:
    """True for the name of an operation of TensorFlow's: a function that has it would hide which of them runs."""
    from tensorflow.python.framework import op_def_registry

    return op_def_registry.get(name) is not None


def _is_checkpoint(op: str) -> bool:
    return op in _READS_CHECKPOINTS or op in _WRITES_CHECKPOINTS


def _error(where: str, place: str, op: str, reason: str) -> WeightsError:
    return WeightsError(
        f"{where} is refused, because an operation of it {reason}.",
        found=f"the operation {op} at {place!r}; nothing of this file has been run",
        do="use a network from a publisher you trust, exported for inference",
    )


def _operations(graph_def: Any) -> Iterator[tuple[str, bool, Any]]:
    """Name of the node, or of the function that it is in and True, and the node."""
    for node in graph_def.node:
        yield node.name, False, node
    for function in graph_def.library.function:
        for node in function.node_def:
            yield function.signature.name, True, node


def _served_nodes(meta_graph: Any) -> list[str]:
    """Nodes that TensorFlow runs on frames or, in the form of 1.x, to initialise what it has loaded."""
    names = []
    for signature in meta_graph.signature_def.values():
        names += [tensor.name for tensor in (*signature.inputs.values(), *signature.outputs.values())]
    for collection in ("saved_model_main_op", "legacy_init_op"):
        # Asking a map of messages for a key puts the key into it.
        if collection in meta_graph.collection_def:
            names += list(meta_graph.collection_def[collection].node_list.value)
    return names


def _reach(graph_def: Any, node_names: Iterable[str], function_names: Iterable[str]) -> _Reached:
    nodes = {node.name: node for node in graph_def.node}
    library = {function.signature.name: function for function in graph_def.library.function}
    reached_nodes: set[str] = set()
    functions: list[str] = list(function_names)
    waiting = [_node_of(name) for name in node_names]
    while waiting:
        name = waiting.pop()
        if name in reached_nodes or name not in nodes:
            continue
        reached_nodes.add(name)
        waiting += [_node_of(source) for source in nodes[name].input]
        functions += _called(nodes[name])
    reached_functions: set[str] = set()
    while functions:
        name = functions.pop()
        if name in reached_functions or name not in library:
            continue
        reached_functions.add(name)
        for node in library[name].node_def:
            functions += _called(node)
    return _Reached(frozenset(reached_nodes), frozenset(reached_functions))


def _node_of(tensor: str) -> str:
    """`scope/node` of an input such as `scope/node:1` or, for order alone, `^scope/node`."""
    return tensor.removeprefix("^").split(":")[0]


def _called(node: Any) -> list[str]:
    """The names that a node may call: first its own operation, then the functions among its attributes."""
    names, waiting = [node.op], list(node.attr.values())
    while waiting:
        value = waiting.pop()
        for function in (value.func, *value.list.func):
            names.append(function.name)
            waiting += list(function.attr.values())
    return names
