"""PictureSettings: how pictures are written."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import ConfigError


@dataclass(frozen=True)
class PictureSettings:
    """Settings of writing pictures.

    quality : of kinds that lose something (JPEG, WebP, AVIF), 1..100, larger is better.
    """

    quality: int = 95

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise ConfigError("quality must lie in 1..100.", found=str(self.quality), do="try 95")
