"""Fetch: a catalog entry's weights as a file on this machine, checked."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock

from pipeline.errors import WeightsError
from pipeline.weights.archive import unpack_member
from pipeline.weights.cache import CACHE_VARIABLE, WeightsCache
from pipeline.weights.catalog import CatalogEntry
from pipeline.weights.download import discard, download
from pipeline.weights.integrity import checked_digest, notes_path, remember_digest, verify_file


def fetch(entry: CatalogEntry, cache: Path | None = None) -> Path:
    """Path of the weights: a file, or for a SavedModel its folder.

    A file in the cache, downloaded before or put there by hand, is checked and used; otherwise it is downloaded, by one
    process while others wait. An archive may be put there as it is or unpacked; an unpacked one cannot be checked,
    because its digest is unknown.

    entry : of the catalog.
    cache : folder to use instead of SEG_VIDEO_CACHE or the user's cache directory.

    Raises WeightsError if the weights cannot be had or are not what the catalog says.
    """
    store = WeightsCache.at(cache)
    if entry.url is None:
        return _embedded(entry)
    try:
        # No lock is needed to look: under its final name there only ever is a whole file.
        return _at_hand(entry, store) or _obtained(entry, store)
    except OSError as error:
        raise WeightsError(
            f"{entry.name!r} cannot be stored in {store.folder}.",
            found=str(error),
            do=f"free space or make it writable, or set {CACHE_VARIABLE} to another folder",
        ) from error


def _embedded(entry: CatalogEntry) -> Path:
    if not entry.available:
        raise WeightsError(
            f"The weights {entry.name!r} are not part of this version.",
            found=f"no {entry.file_name} in the package",
            do="choose others from `seg-video models`",
        )
    return entry.embedded_path


def _at_hand(entry: CatalogEntry, store: WeightsCache) -> Path | None:
    """The path of weights that are here already, checked; None if there are none."""
    place = store.usable(entry)
    if entry.member is not None:
        return place if store.is_unpacked(entry) else None
    if not place.is_file():
        return None
    verify_file(place, entry, do=f"remove it; it is at {entry.url}")
    return place


def _obtained(entry: CatalogEntry, store: WeightsCache) -> Path:
    store.create()
    published = store.published(entry)
    with FileLock(published.with_name(f"{published.name}.lock")):
        if ready := _at_hand(entry, store):
            return ready
        by_hand = published.is_file()
        if by_hand:
            verify_file(published, entry, do=f"remove it; it is at {entry.url}")
        else:
            _download(entry, store)
        if entry.member is not None:
            unpack_member(published, entry.member, store.folder)
            if not by_hand:
                # Unpacked, the archive would only hold the disk's room twice.
                published.unlink()
                notes_path(published).unlink(missing_ok=True)
    return store.usable(entry)


def _download(entry: CatalogEntry, store: WeightsCache) -> None:
    """The published file under its final name, once it is whole and checked."""
    assert entry.url is not None, "embedded weights are not downloaded"
    published = store.published(entry)
    part = published.with_name(f"{published.name}.part")
    try:
        download(entry.url, part)
    except ConnectionError as error:
        raise WeightsError(
            f"{entry.file_name} for {entry.name!r} cannot be downloaded.",
            found=str(error),
            do=f"run again to continue, or download {entry.url} by hand into {store.folder}",
        ) from error
    try:
        digest = checked_digest(part, entry, do=f"run again; if that does not help, {entry.url} has changed")
    except WeightsError:
        discard(part)
        raise
    part.replace(published)
    remember_digest(published, digest)
