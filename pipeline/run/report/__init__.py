"""Reports of a run to people and programs: events, sentences, the progress bar, speeds."""
