"""seg-video: the same dashcam video, plus masks."""

import sys

__version__ = "0.1.0"

# OpenVINO would tell a server of Google's of each import and each conversion, out of forks of this process, which has
# threads. Without this package it tells nobody.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
