"""FrameFolder: a folder of numbered frames that is a film."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

_NAME = re.compile(r"frames:(\d+(?:/\d+)?):(.+)", re.DOTALL)


@dataclass(frozen=True)
class FrameFolder:
    """A folder whose pictures are the frames of a film, `rate` of them a second.

    Its text is what records call it, as in frames:25:/drives/front, and `named` reads it again.
    """

    folder: Path
    rate: Fraction

    def __str__(self) -> str:
        return f"frames:{self.rate}:{self.folder}"

    @classmethod
    def named(cls, text: str) -> FrameFolder | None:
        """The folder that a text such as `str` gives stands for; None for any other text."""
        found = _NAME.fullmatch(text)
        return None if found is None else cls.of(found[2], found[1])

    @classmethod
    def of(cls, folder: str, rate: str) -> FrameFolder:
        """The folder of this path, as it is called from anywhere. rate : such as 25, 29.97 or 30000/1001."""
        return cls(Path(folder).absolute(), Fraction(rate))

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.folder.name

    @property
    def stem(self) -> str:
        """The name: folders have no ending."""
        return self.name

    @property
    def suffix(self) -> str:
        """Nothing: folders have no ending."""
        return ""
