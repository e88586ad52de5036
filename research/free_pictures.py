"""A COCO folder of the pictures that their licence lets anyone use, out of one whose records state a licence each.

    python -m research.free_pictures ../shared/dataset outputs/train/free

Commercial use and works made from the picture have to be allowed: no NC, no ND, and nothing where no licence is stated.
A picture is judged by its own record, never by the set it came in.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from pathlib import Path

from pipeline.errors import InputError, SegVideoError
from pipeline.labels.coco_folder import read_entries

#: Licences as the records state them. Not among them: "CC BY 4.0 (export); repository MPL-2.0", whose pictures carry
#: watermarks of stock agencies, so that whoever uploaded them did not own them.
FREE = frozenset(
    {
        "CC BY 2.0",
        "CC BY-SA 2.0",
        "No known copyright restrictions",
        "CC BY 4.0 (export)",
        '"MIT" (data.yaml, Roboflow self-driving-car v3)',
    }
)


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="FOLDER")
    parser.add_argument("output", type=Path, metavar="OUT")
    arguments = parser.parse_args()
    try:
        counts = write_free(arguments.source, arguments.output)
    except SegVideoError as error:
        sys.exit(str(error))
    for (origin, licence), count in sorted(counts.items()):
        sys.stdout.write(f"{count:5} {origin}: {licence}\n")


def write_free(source: Path, output: Path) -> Counter[tuple[str, str]]:
    """Copy the free pictures of the folder and their labels; the count of each source and licence.

    Raises InputError where no picture is free.
    """
    entries, names = read_entries(source)
    kept = [entry for entry in entries if entry.record.get("license") in FREE]
    if not kept:
        raise InputError(f"{source} has no picture under a licence that lets anyone use it.")
    (output / "images").mkdir(parents=True, exist_ok=True)
    for entry in kept:
        shutil.copyfile(entry.file, output / "images" / entry.file.name)
    annotations = [one for entry in kept for one in entry.annotations]
    # A category that no picture left has would become a class that nothing teaches.
    used = {one["category_id"] for one in annotations}
    content = {
        "images": [entry.record for entry in kept],
        "annotations": annotations,
        "categories": [{"id": one, "name": names[one]} for one in sorted(used)],
    }
    (output / "annotations.json").write_text(json.dumps(content))
    return Counter((entry.source, entry.record["license"]) for entry in kept)


if __name__ == "__main__":
    main()
