"""Objects at an address and folders of frames, read as if they were files."""

from __future__ import annotations

import io

from pipeline.files import digest_of_stream
from pipeline.storage.frame_film import FrameFilm, film_facts
from pipeline.storage.objects import ObjectFacts, ObjectFile, look_at
from pipeline.structures.address import FrameFolder, Stored


def facts_of(place: Stored) -> ObjectFacts:
    """Size and tag. Raises as `look_at` and `film_facts` do."""
    return film_facts(place) if isinstance(place, FrameFolder) else look_at(place)


def open_stored(place: Stored) -> ObjectFile | FrameFilm:
    """The content, open for reading by ranges. Raises as `facts_of` does."""
    return FrameFilm(place) if isinstance(place, FrameFolder) else ObjectFile(place)


def digest_of_stored(place: Stored) -> str:
    """SHA-256 of the content, 64 hex digits. Raises as `facts_of` does, and what reading raises."""
    with io.BufferedReader(open_stored(place)) as stream:
        return digest_of_stream(stream)
