"""The files of a run on disk: layout, manifest, ledger, lock, fingerprints, and what is read off them."""
