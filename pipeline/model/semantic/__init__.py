"""Networks that give each pixel a class: FCN-8s, U-Net and DeepLabv3+."""
