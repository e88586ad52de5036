"""Another program's checkpoint: which format a file has, and its tensors. A new format is a case here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from numpy.typing import NDArray

ForeignKind = Literal["torchvision_v1", "torchvision_v2", "matterport"]
Tensors = Mapping[str, NDArray[Any]]


def read_foreign(path: Path, kind: str | None) -> tuple[Tensors, ForeignKind]:
    """The tensors of another program's file, and its layout: of torchvision's two the file itself tells which.

    What reads them is imported here, so that a network of ours does not wait for h5py. Raises WeightsError.
    """
    if kind == "matterport" or (kind is None and path.suffix in (".h5", ".hdf5")):
        from pipeline.formats.keras_h5 import read_layer_weights

        return read_layer_weights(path), "matterport"
    from pipeline.formats.convert import torchvision
    from pipeline.formats.pytorch_file import read_state_dict

    source = torchvision.modern_names(read_state_dict(path))
    if kind in (None, "torchvision"):
        kind = "torchvision_v1" if "roi_heads.box_head.fc6.weight" in source else "torchvision_v2"
    return source, cast(ForeignKind, kind)
