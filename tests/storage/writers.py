"""Writers of one name, all at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.storage.objects import publish
from pipeline.structures.address import Address


def publish_at_once(folder: Path, address: Address, contents: Sequence[bytes]) -> list[int]:
    """The numbers of the contents that got the free name at `address`, each put there by a thread of its own."""
    through: list[int] = []

    def write(number: int) -> None:
        path = folder / str(number)
        path.write_bytes(contents[number])
        try:
            publish(path, address, replace=False)
            through.append(number)
        except UsageError:  # the name is taken
            pass

    writers = [threading.Thread(target=write, args=(number,)) for number in range(len(contents))]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return through
