"""The product's own command, which also knows the trunks that do not ship.

python -m research.seg_video train research/compare/mobilenet.yaml
python -m research.seg_video eval DATA --model outputs/train/compare/mobilenet/weights.safetensors
"""

from __future__ import annotations

import sys

from pipeline.cli import main
from research.trunks.presets import register_trunks

if __name__ == "__main__":
    register_trunks()
    sys.exit(main())
