"""Networks that give each pixel a class: FCN-8s, U-Net, DeepLabv3+ and Panoptic FPN."""
