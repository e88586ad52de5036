"""The pickle inside a PyTorch file, read by a machine that knows tensors and nothing else.

A pickle is a program. Python's own unpickler, even with its imports restricted, calls what it is told to,
sets attributes on it and allocates what it is told to allocate. This machine has the few instructions that
`torch.save` emits; a global is a name looked up in a table and never an object, so there is nothing to call.
"""

from __future__ import annotations

import io
import mmap
import pickletools
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.errors import WeightsError
from pipeline.formats.pytorch_tensors import STORAGE_DTYPES, StorageRecord, TensorRecord


@dataclass(frozen=True)
class _Global:
    """A global's name; it stands for nothing that could be called."""

    name: str


_DICT = _Global("collections OrderedDict")
_TENSOR = _Global("torch._utils _rebuild_tensor_v2")
_PARAMETER = _Global("torch._utils _rebuild_parameter")
_ALLOWED = {_DICT.name, _TENSOR.name, _PARAMETER.name, *(f"torch {kind}" for kind in STORAGE_DTYPES)}
_MARK = object()


class _RefusedError(Exception):
    """A pickle holds something that no saved state dict has."""


class TensorUnpickler:
    """Reads the pickles of one file; `storages` collects every storage they name, by key."""

    def __init__(self, where: str) -> None:
        self.storages: dict[str, StorageRecord] = {}
        self._where = where
        self._stack: list[object] = []
        self._memo: dict[int, object] = {}

    def load(self, stream: io.BytesIO | mmap.mmap) -> object:
        """The next pickle of the stream: numbers, strings, lists, tuples, dicts and TensorRecords.

        Raises WeightsError for anything else, before anything of it has been done.
        """
        self._stack, self._memo = [], {}
        try:
            with warnings.catch_warnings():
                # genops warns of a backslash in a global's name; torch has none there.
                warnings.simplefilter("error", DeprecationWarning)
                # It asks its stream for read, readline and tell only.
                for opcode, argument, _ in pickletools.genops(stream):  # type: ignore[arg-type]
                    self._step(opcode.name, argument)
            return self._pop()
        except _RefusedError as refused:
            raise self._error(str(refused)) from None
        except (ValueError, TypeError, EOFError, RecursionError, DeprecationWarning) as damage:
            raise self._error(f"a damaged pickle: {damage}") from None

    def _error(self, found: str) -> WeightsError:
        return WeightsError(
            f"{self._where} does not hold a plain PyTorch state dict.",
            found=found,
            do="save the model's state_dict() alone with torch.save; nothing of this file has been run",
        )

    def _step(self, name: str, argument: object) -> None:
        if name in _PUSH_ARGUMENT:
            self._stack.append(argument)
        elif name in _PUSH_NEW:
            self._stack.append(_PUSH_NEW[name]())
        elif name in _HANDLERS:
            _HANDLERS[name](self, argument)
        elif name not in _NOTHING_TO_DO:
            raise _RefusedError(f"the pickle instruction {name}, which builds no tensor")

    def _pop(self) -> object:
        if not self._stack or self._stack[-1] is _MARK:
            raise _RefusedError("a damaged pickle: an instruction without its operand")
        return self._stack.pop()

    def _pop_to_mark(self) -> list[object]:
        items: list[object] = []
        while self._stack and self._stack[-1] is not _MARK:
            items.append(self._stack.pop())
        if not self._stack:
            raise _RefusedError("a damaged pickle: a closing instruction without its mark")
        self._stack.pop()
        return items[::-1]

    def _mark(self, _: object) -> None:
        self._stack.append(_MARK)

    def _tuple(self, _: object) -> None:
        self._stack.append(tuple(self._pop_to_mark()))

    def _short_tuple(self, length: int) -> None:
        items = [self._pop() for _ in range(length)]
        self._stack.append(tuple(items[::-1]))

    def _append(self, items: list[object]) -> None:
        target = self._pop()
        if not isinstance(target, list):
            raise _RefusedError(f"items appended to a {type(target).__name__}")
        target.extend(items)
        self._stack.append(target)

    def _set_items(self, items: list[object]) -> None:
        target = self._pop()
        if not isinstance(target, dict) or len(items) % 2:
            raise _RefusedError(f"items set on a {type(target).__name__}")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str | int):
                raise _RefusedError(f"a dict key that is a {type(key).__name__}")
            target[key] = value
        self._stack.append(target)

    def _set_item(self, _: object) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([key, value])

    def _put(self, index: object) -> None:
        value = self._pop()
        self._memo[len(self._memo) if index is None else int(str(index))] = value
        self._stack.append(value)

    def _get(self, index: object) -> None:
        if index not in self._memo:
            raise _RefusedError(f"a damaged pickle: it recalls entry {index}, which it never stored")
        self._stack.append(self._memo[int(str(index))])

    def _global(self, name: object) -> None:
        if name not in _ALLOWED:
            module_and_name = str(name).replace(" ", ".")
            raise _RefusedError(f"the forbidden global {module_and_name}")
        self._stack.append(_Global(str(name)))

    def _stack_global(self, _: object) -> None:
        name, module = self._pop(), self._pop()
        self._global(f"{module} {name}" if isinstance(name, str) and isinstance(module, str) else None)

    def _persistent(self, _: object) -> None:
        """A storage: ('storage', class, key, device, elements), and in old files None for its view."""
        entry = self._pop()
        if not isinstance(entry, tuple) or len(entry) not in (5, 6) or entry[0] != "storage":
            raise _RefusedError("a persistent id that names no storage")
        kind, key, elements, view = entry[1], entry[2], entry[4], entry[5:]
        if not isinstance(kind, _Global) or kind.name.removeprefix("torch ") not in STORAGE_DTYPES:
            raise _RefusedError("a storage without an element type")
        if not isinstance(key, str) or not (key.isascii() and key.isdigit()):
            raise _RefusedError("a storage whose key is no number")
        if type(elements) is not int or elements < 0 or view not in ((), (None,)):
            raise _RefusedError(f"storage {key} without a number of elements, or a view of another storage")
        storage = StorageRecord(key, kind.name.removeprefix("torch "), elements)
        if self.storages.setdefault(key, storage) != storage:
            raise _RefusedError(f"storage {key} declared with two types or sizes")
        self._stack.append(storage)

    def _reduce(self, _: object) -> None:
        arguments, function = self._pop(), self._pop()
        if not isinstance(arguments, tuple):
            raise _RefusedError("a call whose arguments are no tuple")
        if function == _DICT and not arguments:
            self._stack.append({})
        elif function == _TENSOR:
            self._stack.append(_tensor(arguments))
        elif function == _PARAMETER and arguments and isinstance(arguments[0], TensorRecord):
            self._stack.append(arguments[0])
        else:
            name = (
                function.name.replace(" ", ".") if isinstance(function, _Global) else type(function).__name__
            )
            raise _RefusedError(f"a call of {name} with {len(arguments)} arguments, which builds no tensor")

    def _build(self, _: object) -> None:
        """Attributes of a state dict: torch keeps the versions of its modules there. They are dropped."""
        state, target = self._pop(), self._pop()
        if not isinstance(target, dict) or not isinstance(state, dict):
            raise _RefusedError(f"attributes set on a {type(target).__name__}")
        self._stack.append(target)


def _tensor(arguments: tuple[object, ...]) -> TensorRecord:
    """The tensor of `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, flags])`."""
    if len(arguments) not in (6, 7) or (len(arguments) == 7 and arguments[6] not in (None, {})):
        raise _RefusedError(f"a tensor with {len(arguments)} arguments, or with flags that change its values")
    storage, offset, shape, strides = arguments[:4]
    if (
        not isinstance(storage, StorageRecord)
        or not isinstance(shape, tuple)
        or not isinstance(strides, tuple)
    ):
        raise _RefusedError("a tensor without a storage, shape or strides")
    if not isinstance(offset, int):
        raise _RefusedError("a tensor whose offset is no number")
    try:
        return TensorRecord(storage, offset, shape, strides)
    except ValueError as outside:
        raise _RefusedError(str(outside)) from None


_NOTHING_TO_DO = {"PROTO", "FRAME", "STOP"}
_PUSH_ARGUMENT = {
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINSTRING", "SHORT_BINSTRING"),
}
_PUSH_NEW: dict[str, Callable[[], object]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}
_HANDLERS: dict[str, Callable[[TensorUnpickler, object], None]] = {
    "MARK": TensorUnpickler._mark,
    "TUPLE": TensorUnpickler._tuple,
    "TUPLE1": lambda machine, _: machine._short_tuple(1),
    "TUPLE2": lambda machine, _: machine._short_tuple(2),
    "TUPLE3": lambda machine, _: machine._short_tuple(3),
    "APPEND": lambda machine, _: machine._append([machine._pop()]),
    "APPENDS": lambda machine, _: machine._append(machine._pop_to_mark()),
    "SETITEM": TensorUnpickler._set_item,
    "SETITEMS": lambda machine, _: machine._set_items(machine._pop_to_mark()),
    "BINPUT": TensorUnpickler._put,
    "LONG_BINPUT": TensorUnpickler._put,
    "MEMOIZE": TensorUnpickler._put,
    "BINGET": TensorUnpickler._get,
    "LONG_BINGET": TensorUnpickler._get,
    "GLOBAL": TensorUnpickler._global,
    "STACK_GLOBAL": TensorUnpickler._stack_global,
    "BINPERSID": TensorUnpickler._persistent,
    "REDUCE": TensorUnpickler._reduce,
    "BUILD": TensorUnpickler._build,
}
