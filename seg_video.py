"""The Python interface of seg-video.

    for frame in seg_video.segment("in.mp4"):
        print(frame.seconds, frame.boxes.xyxy, frame.boxes.id)

segment : the frames of a video with detections, tracks and masks; nothing is written.
process : the same video plus masks, as the command makes it.
open_run : what a run has found. export : the same in a format of other tools.
verify : check that an output is its source plus masks.
load_model : a network for pictures.
Error : base class of every error that this package raises on purpose.

Modules are loaded when a name is first used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.api.export import export
    from pipeline.api.load_model import load_model
    from pipeline.api.opened_run import open_run
    from pipeline.api.process import process
    from pipeline.api.segment import segment
    from pipeline.api.verify import verify
    from pipeline.errors import SegVideoError as Error

__all__ = ["Error", "export", "load_model", "main", "open_run", "process", "segment", "verify"]

_HOMES = {
    "Error": ("pipeline.errors", "SegVideoError"),
    "export": ("pipeline.api.export", "export"),
    "load_model": ("pipeline.api.load_model", "load_model"),
    "open_run": ("pipeline.api.opened_run", "open_run"),
    "process": ("pipeline.api.process", "process"),
    "segment": ("pipeline.api.segment", "segment"),
    "verify": ("pipeline.api.verify", "verify"),
}


def main() -> int:
    """The entry point of `seg-video`; its exit code."""
    try:
        _check_package()
    except ImportError as error:
        sys.stderr.write(f"seg-video: {error}\n")
        return 1
    from pipeline.cli import main as command

    return command()


def __getattr__(name: str) -> Any:
    """A documented name, loaded when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    _check_package()
    value = globals()[name] = getattr(import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    return __all__


def _check_package() -> None:
    """Raise ImportError if `pipeline` would import another package than the one beside this file."""
    own = Path(__file__).resolve().parent / "pipeline"
    spec = find_spec("pipeline")
    places = (
        [] if spec is None else [Path(place).resolve() for place in spec.submodule_search_locations or ()]
    )
    if own in places:
        return
    other = places[0] if places else "none at all"
    raise ImportError(
        f"seg_video needs its own package `pipeline` at {own}, but Python finds another one first: {other}. "
        "Start from another folder, remove that folder from PYTHONPATH, or start Python with -P."
    )


if __name__ == "__main__":
    sys.exit(main())
