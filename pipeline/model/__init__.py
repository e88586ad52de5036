"""Mask R-CNN in Keras 3, one file a mechanism, as the papers tell it.

Letters in shapes: B frames in a batch, H and W height and width, L pyramid levels, A anchors of a level or of all
levels, K candidates, P proposals, D detections, R regions of a whole batch (B x P or B x D), C channels or classes,
G ground-truth objects. Boxes are x1, y1, x2, y2 in pixels of the network's input unless a line says otherwise.
"""
