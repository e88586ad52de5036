"""What a run leaves on disk: layout, manifest, ledger, lock, fingerprints, and what is read off them."""
