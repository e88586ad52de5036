"""The metadata of the output, from that of the source."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.structures.video_info import VideoInfo

#: What describes the old file's making, not the recording, and would be false of the new one.
_OF_THE_OLD_FILE = {
    "major_brand", "minor_version", "compatible_brands", "encoder", "duration", "rotate", "vendor_id",
    "number_of_frames", "number_of_bytes", "bps", "_statistics_tags", "_statistics_writing_app",
    "_statistics_writing_date_utc", "alpha_mode",
}  # fmt: skip

#: What MP4's own metadata atoms can hold; anything else needs QuickTime's keyed ones.
_ITUNES_KEYS = {
    "title", "artist", "album_artist", "album", "composer", "date", "comment", "genre", "copyright",
    "grouping", "lyrics", "description", "synopsis", "show", "episode_id", "network", "keywords",
    "creation_time", "location",
}  # fmt: skip


def container_tags(info: VideoInfo) -> dict[str, str]:
    """The recording's own tags: time, place, camera, title and so on."""
    tags = _kept(info.metadata)
    # FFmpeg gives a location twice, once with its language; written back, it would come out four times.
    return {key: value for key, value in tags.items() if not key.startswith("location-")}


def stream_tags(metadata: Mapping[str, str]) -> dict[str, str]:
    """A stream's own tags: language, handler, title, time code and so on.

    MP4 keeps a track's title under `name`, which FFmpeg reads so and writes of `title` alone.
    """
    tags = _kept(metadata)
    if "name" in tags and "title" not in tags:
        tags["title"] = tags.pop("name")
    return tags


def matroska_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """A track's tags as FFmpeg's writer of Matroska takes them all.

    The time at which a track was made it leaves out, as the file has one; a tag of that name in no language it writes.
    """
    return {f"{key}-und" if key.lower() == "creation_time" else key: value for key, value in tags.items()}


def survives_itunes(tags: Mapping[str, str]) -> bool:
    """True if MP4's own atoms hold all of these."""
    return {key.lower() for key in tags} <= _ITUNES_KEYS


def _kept(metadata: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in metadata.items() if key.lower() not in _OF_THE_OLD_FILE}
