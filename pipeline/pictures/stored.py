"""The files of a batch of pictures beside its outputs: one of detections, and parts of it while it goes on.

Where classes are drawn there are class maps too, `labels/NAME.png` for the output NAME, and `classes.json`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from pipeline.errors import StoreError, UsageError, WriteError
from pipeline.files import (
    DETECTIONS_NAME,
    PRIVATE,
    RUN_SUFFIX,
    MayReplace,
    digest_of,
    remove_temporaries,
    whole_file,
)
from pipeline.job.output_template import FOLDER_OF_SEVERAL
from pipeline.record.layout import check_private
from pipeline.record.lock import run_lock
from pipeline.store.class_pictures import (
    class_picture,
    read_class_names,
    read_class_picture,
    write_class_names,
    write_class_picture,
)
from pipeline.store.header import Header, StoredPicture
from pipeline.store.reader import DetectionsFile
from pipeline.store.summed import remove_summed, write_summed
from pipeline.store.writer import write_tracks
from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.structures.tracks import Tracks


@dataclass(frozen=True, eq=False)
class KnownPicture:
    """The detections of a picture, of an earlier run or this one.

    entry : the picture and fingerprints. tracks : its objects. class_names : of the network that found them.
    """

    entry: StoredPicture
    tracks: Tracks
    class_names: Mapping[int, str]


class PictureStore:
    """The file of detections of a batch, and parts for some pictures each until the batch is through.

    Used in the body of `held`.
    """

    def __init__(self, outputs: Sequence[Path]) -> None:
        first = outputs[0].absolute()
        alone = first.with_name(first.name + RUN_SUFFIX)
        self.folder = alone if len(outputs) == 1 else first.parent / FOLDER_OF_SEVERAL
        self.path = self.folder / DETECTIONS_NAME
        self._parts = self.folder / "parts"

    @staticmethod
    def outputs_in(folder: Path) -> set[str]:
        """Names of the files of a folder that a run has made, one by one or several at once. Raises StoreError."""
        alone = {path.name.removesuffix(RUN_SUFFIX) for path in folder.glob(f"*{RUN_SUFFIX}")}
        several = folder / FOLDER_OF_SEVERAL
        files = [several / DETECTIONS_NAME, *(several / "parts").glob("*.parquet")]
        maps = several / "labels"
        painted = {path.relative_to(maps).with_suffix("").as_posix() for path in maps.rglob("*.png")}
        stored = {known.entry.output for file in files if file.exists() for known in _read(file)}
        return alone | painted | stored

    def name_of(self, output: Path) -> str:
        """The output as the store names it: from the folder that both lie in, so that they can move together."""
        return Path(os.path.relpath(output, self.folder.parent)).as_posix()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder, for its owner alone, since it tells who was seen where; and hold its lock.

        Temporary files that a killed run has left there go. A folder in which nothing came to be is removed at the end.
        Raises WriteError, and RunInTheWayError for a folder that another has put there or works in.
        """
        check_private(self.folder)
        try:
            self.folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(
                f"Cannot write into {self.folder.parent}.",
                found=error.strerror or str(error),
                do="name an output in a folder that you can write to",
            ) from error
        check_private(self.folder)  # once more: it may have come in between
        lock = self.folder / "lock"
        with run_lock(lock):
            for folder, _, _ in os.walk(self.folder):
                remove_temporaries(Path(folder))
            try:
                yield
            finally:
                if self._parts.exists() and not any(self._parts.iterdir()):
                    self._parts.rmdir()
                if [path.name for path in self.folder.iterdir()] == [lock.name]:
                    lock.unlink()
                    self.folder.rmdir()

    def known(self) -> list[KnownPicture]:
        """The detections of earlier runs; of a run that was cut off, too. Raises StoreError."""
        files = [self.path, *sorted(self._parts.glob("*.parquet"))]
        return [known for file in files if file.exists() for known in _read(file)]

    def keep(self, several: Sequence[KnownPicture]) -> None:
        """Write one part for pictures of one network. Raises WriteError, StoreError."""
        self._parts.mkdir(exist_ok=True)
        _write(self._parts / f"{several[0].entry.made}.parquet", several)

    def publish(self, output: Path, content: bytes, may_replace: MayReplace) -> None:
        """Write an output, by way of a file in the folder where that is beside it. Raises WriteError, UsageError."""
        output.parent.mkdir(parents=True, exist_ok=True)
        is_beside = output.absolute().parent == self.folder.parent  # another folder may be on another disk
        with whole_file(output, self.folder if is_beside else None, may_replace) as new:
            new.write_bytes(content)

    def tell(self, classes: PixelClasses, outputs: Sequence[Path], before: Sequence[KnownPicture]) -> None:
        """Write what the numbers of class maps mean; maps of these outputs in which they meant something else go.

        before : what `known` gave. Raises UsageError where maps of other outputs would lose their meaning, WriteError.
        """
        maps = [known for known in before if class_picture(self.folder, known.entry.output).is_file()]
        if maps and read_class_names(self.folder) != classes:
            here = {self.name_of(output) for output in outputs}
            for known in maps:
                if self._is_here(known, here):
                    raise UsageError(
                        f"{self.folder} holds class maps of another network, whose numbers mean other classes.",
                        found=f"that of {known.entry.output}",
                        do="name another folder for the outputs",
                    )
            for known in maps:
                class_picture(self.folder, known.entry.output).unlink(missing_ok=True)
        write_class_names(self.folder, classes)

    def keep_class_map(self, output: str, class_map: ClassMap) -> str:
        """Write the class map of an output; the SHA-256 of its file. Raises WriteError."""
        return write_class_picture(class_picture(self.folder, output), class_map)

    def class_map(self, entry: StoredPicture) -> ClassMap | None:
        """The class map that belongs to an entry; None where there is none, or another by now. Raises StoreError."""
        path = class_picture(self.folder, entry.output)
        if not entry.class_map or not path.is_file() or digest_of(path) != entry.class_map:
            return None
        return read_class_picture(path)

    def finish(self, batch: Sequence[KnownPicture], before: Sequence[KnownPicture] = ()) -> None:
        """Write the batch's one file, in this order, and let the parts go. Raises WriteError, StoreError.

        before : what `known` gave when the batch began. Pictures of other batches whose outputs are still here follow
        in the same file; those that were found by a network with other classes stay as parts.
        """
        if not batch:
            return
        through = {known.entry.output for known in batch}
        others = {known.entry.output: known for known in before if self._is_here(known, through)}.values()
        alike = [known for known in others if known.class_names == batch[0].class_names]
        apart = [known for known in others if known.class_names != batch[0].class_names]
        for known in apart:
            self.keep([known])
        _write(self.path, [*batch, *alike])
        files = {name.name.partition(".parquet")[0] for name in self._parts.glob("*.parquet*")}
        for part in (self._parts / f"{name}.parquet" for name in files):
            if part.stem not in {known.entry.made for known in apart}:
                remove_summed(part)

    def _is_here(self, known: KnownPicture, through: Collection[str]) -> bool:
        output = known.entry.output
        return output not in through and (self.folder.parent / output).exists()


def _write(path: Path, batch: Sequence[KnownPicture]) -> None:
    header = Header(
        width=max(known.entry.width for known in batch),
        height=max(known.entry.height for known in batch),
        time_base=Fraction(1),
        first_frame=0,
        pts=np.arange(len(batch), dtype=np.int64),
        class_names=batch[0].class_names,
        tracked=True,
        pictures=tuple(known.entry for known in batch),
    )
    write_summed(path, lambda new: write_tracks(new, header, [known.tracks for known in batch]))


def _read(path: Path) -> list[KnownPicture]:
    with DetectionsFile(path) as file:
        header = file.header
        if len(header.pictures) != len(header.pts):
            raise StoreError(
                f"{path} holds detections of a video.", do="name another output, or delete that folder"
            )
        tracks = file.read_tracks()
        return [KnownPicture(*pair, header.class_names) for pair in zip(header.pictures, tracks, strict=True)]
