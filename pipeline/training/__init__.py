"""Floor 1: labelled pictures to weights; what made the network that ships and what fine-tunes it on other data."""
