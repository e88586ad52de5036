"""seg-video: the same dashcam video, plus masks."""

import os
import sys

__version__ = "0.1.0"

# OpenVINO would tell a server of Google's of each import and each conversion, out of forks of this process, which has
# threads. Without this package it tells nobody.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

# TensorFlow leaves oneDNN's kernels off on CPUs without AVX-512 VNNI; a training step takes 0.7 of the time with them.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
