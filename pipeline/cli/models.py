"""The models command."""

from __future__ import annotations

import argparse
import dataclasses
import json

from pipeline.cli.command import Command, aligned
from pipeline.cli.say import say
from pipeline.weights.cache import WeightsCache
from pipeline.weights.catalog import CatalogEntry, catalog
from pipeline.weights.label_maps import label_map


def _add_models_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON array, for programs")


def _show_models(arguments: argparse.Namespace) -> int:
    cache = WeightsCache.at()
    if arguments.json:
        say(json.dumps([_model_record(entry, cache) for entry in catalog()], indent=2))
        return 0
    header = ("NAME", "CLASSES", "MASK AP", "BOX AP", "SIZE", "IN CACHE", "LICENCE OF THE WEIGHTS")
    for line in aligned([header, *(_model_row(entry, cache) for entry in catalog())]):
        say(line)
    say(f"\ncache: {cache.folder}")
    return 0


def _model_record(entry: CatalogEntry, cache: WeightsCache) -> dict[str, object]:
    return {
        **dataclasses.asdict(entry),
        "classes": len(label_map(entry.label_map)),
        "available": entry.available,
        "in_cache": cache.holds(entry),
    }


def _model_row(entry: CatalogEntry, cache: WeightsCache) -> tuple[str, ...]:
    return (
        entry.name,
        str(len(label_map(entry.label_map))),
        "-" if entry.mask_ap is None else f"{entry.mask_ap:.1f}",
        "-" if entry.box_ap is None else f"{entry.box_ap:.1f}",
        "-" if entry.size_bytes is None else f"{entry.size_bytes / 1e6:.0f} MB",
        _presence(entry, cache),
        entry.licence,
    )


def _presence(entry: CatalogEntry, cache: WeightsCache) -> str:
    if not entry.available:
        return "not yet made"
    if entry.url is None:
        return "embedded"
    return "yes" if cache.holds(entry) else "no"


MODEL_COMMANDS = (
    Command(
        "models",
        "list the published weights",
        _add_models_arguments,
        _show_models,
        examples=("seg-video models", "seg-video models --json"),
        only_prints=True,
    ),
)
