"""Published trunks, one file a source: where each variable lies in it."""
