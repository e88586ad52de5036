"""Telling people and programs about a run: events, sentences, the bar, speeds."""
