"""Running streams: their pictures and sound as they come, and the film that keeps them."""
