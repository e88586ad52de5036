"""Pictures for tests, written as the product writes them."""

from __future__ import annotations

from pipeline.files import write_whole
from pipeline.pictures.kinds import kind_of_name
from pipeline.pictures.write import encoded


def write_picture(path, picture, settings):
    write_whole(path, encoded(picture, kind_of_name(path), settings))
