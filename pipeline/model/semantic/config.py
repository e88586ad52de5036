"""Every number of a semantic network that training chooses, in one frozen value."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from pipeline.errors import ConfigError
from pipeline.model.config import InputConfig
from pipeline.structures.pixel_classes import PixelClasses

NetworkName = Literal["fcn8s", "unet", "deeplabv3plus", "panoptic_fpn"]


@dataclass(frozen=True)
class SemanticConfig:
    """The whole network.

    classes : what its outputs are.
    network : which one.
    width : channels of its first stage; the papers' networks have 64.
    input : how a frame becomes its input.
    depth_multiplier, trunk : of the pyramid which a `panoptic_fpn` reads, and of what is below it, as in `FPNConfig`
        and `BackboneConfig.kind`.
    """

    classes: PixelClasses
    network: NetworkName = "unet"
    width: int = 16
    input: InputConfig = field(default_factory=InputConfig)
    depth_multiplier: int = 0
    trunk: str = "shufflenet_v2"

    def __post_init__(self) -> None:
        if self.network not in get_args(NetworkName):
            raise ConfigError(
                f"network must be one of {', '.join(get_args(NetworkName))}.", found=self.network
            )
        if self.width < 1:
            raise ConfigError("width must be at least 1.", found=str(self.width))

    def to_json(self) -> str:
        """The config as JSON text that `from_json` reads back to an equal value."""
        values = asdict(self)
        values["classes"] = {
            "colours": self.classes.by_name,
            "ignored": sorted(self.classes.ignored),
        }
        return json.dumps(values, indent=1)

    @classmethod
    def from_json(cls, text: str) -> SemanticConfig:
        """The config that `to_json` wrote. Raises ConfigError for anything else."""
        try:
            values = json.loads(text)
            classes = PixelClasses.of(**values.pop("classes"))
            numbers: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in values.pop("input").items()
            }
            return cls(classes, input=InputConfig(**numbers), **values)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as damage:
            raise ConfigError(
                "The config of a semantic network cannot be read.", found=f"{type(damage).__name__}: {damage}"
            ) from damage
