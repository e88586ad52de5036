"""A street drive as a dashcam sees it, drawn with numpy and OpenCV, with the exact truth beside every frame."""
