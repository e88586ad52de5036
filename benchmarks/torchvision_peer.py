"""torchvision's maskrcnn_resnet50_fpn on the same machine: prints JSON with ms a frame.

    python benchmarks/torchvision_peer.py HEIGHT WIDTH PROPOSALS DETECTIONS BATCH REPEATS

Run by benchmarks/network.py with a Python that has torch and torchvision; it needs nothing of this project.
"""

import json
import os
import statistics
import sys
import time

import torch
import torchvision


def main() -> None:
    """Time the network with fresh weights and a low threshold, so that every detection slot is filled."""
    height, width, proposals, detections, batch, repeats = (int(text) for text in sys.argv[1:])
    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = torchvision.models.detection.maskrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, min_size=min(height, width), max_size=max(height, width),
        rpn_pre_nms_top_n_test=min(1000, 2 * proposals), rpn_post_nms_top_n_test=proposals,
        box_detections_per_img=detections, box_score_thresh=0.001,
    ).eval()  # fmt: skip
    frames = [torch.rand(3, height, width) for _ in range(batch)]
    times = []
    with torch.inference_mode():
        found = model(frames)
        for _ in range(repeats):
            start = time.perf_counter()
            model(frames)
            times.append((time.perf_counter() - start) / batch * 1e3)
    names = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    print(
        json.dumps(
            {"ms": times, "median": statistics.median(times), "found": len(found[0]["boxes"]), **names}
        )
    )


main()
