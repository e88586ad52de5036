"""A COCO folder whose labels a teacher and the network that ships agree on, for pictures that nobody has labelled.

    python -m research.label_in_agreement OUT yolo11n-seg_int8.tflite VIDEO|PICTURES|COCO-FOLDER...

Of a video every `--every`-th frame from `--first` on is labelled; a folder without annotations is a folder of pictures;
of a COCO folder the pictures that `label_scope` leaves open are filled in beside their own labels, but for those named
in `--leave-out`. Every picture that comes out is labelled whole: what is neither an object nor surely none is
`iscrowd`. `sheet.png` shows a sample; look at it before training on them.

What `--none` names is nowhere in the sources, which you have looked through: a motorway without anybody on foot. Then
whatever is called so is background. `--own-car` is where their own bonnet is, as parts of the frame's sides; what lies
there is background too, for the teacher calls it a car. Needs the extras `train` and `teachers`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError, SegVideoError
from pipeline.labels.choose import read_list
from pipeline.labels.coco_folder import ANNOTATIONS, mask_runs, read_entries
from pipeline.networks.registry import load
from pipeline.networks.settings import LoadSettings
from research.agreed_labels import agreed_annotations
from research.boxes import share_inside
from research.ensemble import Ensemble, Suspect
from research.frame_sheet import COLOURS
from research.free_teacher import FreeTeacher
from research.tracked_objects import TrackedObject, Verdict, tracked_frames, verdict
from research.yolo_teacher import TaughtInstance, YoloTeacher

NAMES = {1: "person", 2: "bicycle", 3: "car", 4: "motorcycle", 6: "bus", 8: "truck", 10: "traffic light",
         13: "stop sign"}  # fmt: skip
UNION = {100: "vehicle"}
#: Least score of a look that counts, and the canvas that the ensemble looks at.
_LEAST, _CANVAS = 0.1, (448, 768)
#: Share of a box that lies in the own car's place, from which on it is of the own car.
_OWN = 0.6

Picture = tuple[str, NDArray[np.uint8], dict[str, Any], list[dict[str, Any]]]


@dataclass(frozen=True, eq=False)
class LookedAt:
    """A picture, and what the teacher, the ensemble and the tracks of its video say about it."""

    picture: Picture
    taught: Sequence[TaughtInstance]
    suspects: Sequence[Suspect]
    tracked: Sequence[TrackedObject] = ()


def video_pictures(path: Path, every: int, first: int = 0) -> Iterator[Picture]:
    """Name, RGB pixels, record and known labels of every `every`-th frame from `first` on."""
    video, index = cv2.VideoCapture(str(path)), 0
    while True:
        there, frame = video.read()
        if not there:
            break
        if index >= first and (index - first) % every == 0:
            record = {"source": "footage", "sequence": path.stem, "view": "driver"}
            yield f"{path.stem}_{index:06}.jpg", frame[..., ::-1].astype(np.uint8), record, []
        index += 1
    if index == 0:
        raise InputError(
            f"{path} has no frame that can be read.", do="give a video, pictures or a COCO folder"
        )


def plain_pictures(folder: Path) -> Iterator[Picture]:
    """The same of a folder of pictures."""
    for file in sorted(one for one in folder.iterdir() if one.suffix.lower() in (".jpg", ".jpeg", ".png")):
        pixels = cv2.imread(str(file))
        if pixels is None:
            raise InputError(f"{file} cannot be read as a picture.")
        record = {"source": "unlabelled", "view": "driver"}
        yield f"{folder.name}_{file.stem}.jpg", pixels[..., ::-1].astype(np.uint8), record, []


def open_pictures(folder: Path, left_out: frozenset[str]) -> Iterator[Picture]:
    """The same of a COCO folder's pictures whose scope is not whole, with the labels that they have."""
    entries, names = read_entries(folder)
    for entry in entries:
        if set(NAMES) <= set(entry.record.get("label_scope", names)) or entry.name in left_out:
            continue
        pixels = cv2.imread(str(entry.file))
        if pixels is None:
            raise InputError(f"{entry.file} cannot be read as a picture.")
        record = {key: entry.record[key] for key in ("sequence", "view") if key in entry.record}
        record["source"] = f"agreed-{entry.source}"
        yield entry.name, pixels[..., ::-1].astype(np.uint8), record, [dict(a) for a in entry.annotations]


def pictures_of(source: Path, every: int, first: int, left_out: frozenset[str]) -> Iterator[Picture]:
    """The pictures of a video, a folder of pictures or a COCO folder."""
    if not source.is_dir():
        return video_pictures(source, every, first)
    if any((source / name).is_file() for name in ANNOTATIONS):
        return open_pictures(source, left_out)
    return plain_pictures(source)


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    try:
        label(_arguments())
    except SegVideoError as error:
        sys.exit(str(error))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", type=Path, metavar="OUT")
    parser.add_argument("teacher", type=Path, metavar="yolo11n-seg_int8.tflite|nanodet_m.onnx")
    parser.add_argument("sources", type=Path, nargs="+", metavar="VIDEO|PICTURES|COCO-FOLDER")
    parser.add_argument(
        "--pixels",
        type=Path,
        metavar="deeplabv3_mnv2_pascal_quant.tflite",
        help="the teacher is NanoDet-m, and this gives its boxes their masks",
    )
    parser.add_argument("--every", type=int, default=15, help="frames from one to the next (15)")
    parser.add_argument("--first", type=int, default=0, help="first frame of a video that is labelled (0)")
    parser.add_argument(
        "--tracks",
        type=Path,
        action="append",
        metavar="DETECTIONS.parquet",
        help="of a finished run over a source; repeated, one for each source in their order",
    )
    parser.add_argument(
        "--none", action="append", default=[], choices=list(NAMES.values()), help="a class that is nowhere"
    )
    parser.add_argument(
        "--own-car",
        type=float,
        nargs=4,
        metavar=("X1", "Y1", "X2", "Y2"),
        help="place of the own bonnet, 0 to 1",
    )
    parser.add_argument("--model", default="dashcam-lite", help="the network that agrees (dashcam-lite)")
    parser.add_argument("--leave-out", type=Path, metavar="FILE", help="names of held-out pictures")
    parser.add_argument(
        "--only", action="append", metavar="SOURCE", help="of a COCO folder, its `source`; repeatable"
    )
    arguments = parser.parse_args()
    if arguments.tracks and len(arguments.tracks) != len(arguments.sources):
        parser.error(f"{len(arguments.sources)} sources need as many --tracks")
    return arguments


def label(arguments: argparse.Namespace) -> None:
    """Write the folder that the arguments ask for."""
    teacher = (
        FreeTeacher(arguments.teacher, arguments.pixels)
        if arguments.pixels
        else YoloTeacher(arguments.teacher)
    )
    network = load(arguments.model, LoadSettings(batch=4, score=_LEAST))
    ensemble = Ensemble(network, _CANVAS)
    left_out = read_list(arguments.leave_out) if arguments.leave_out else frozenset()
    (arguments.output / "images").mkdir(parents=True, exist_ok=True)
    folder = _Folder(arguments)
    for place, source in enumerate(arguments.sources):
        looks = (
            LookedAt(picture, teacher(picture[1]), ensemble(picture[1]))
            for picture in pictures_of(source, arguments.every, arguments.first, left_out)
            if not arguments.only or picture[2]["source"].removeprefix("agreed-") in arguments.only
        )
        if not arguments.tracks:
            folder.add(looks)
            continue
        run = arguments.tracks[place]
        followed = _followed(
            list(looks), tracked_frames(run)[arguments.first :: arguments.every], source, run
        )
        folder.add(followed, verdict([(one.tracked, one.taught) for one in followed]))
    folder.write()


def _followed(
    looks: Sequence[LookedAt], frames: Sequence[list[TrackedObject]], source: Path, run: Path
) -> list[LookedAt]:
    """The frames with what a run's tracks hold in each. Raises InputError where the run is of another video."""
    if len(looks) != len(frames):
        raise InputError(
            f"{run} is of another video than {source}.",
            found=f"{len(frames)} frames to label in it, {len(looks)} in the video",
            do="give the tracks in the order of the videos",
        )
    return [replace(one, tracked=tracked) for one, tracked in zip(looks, frames, strict=True)]


class _Folder:
    """The COCO folder that comes out, picture by picture."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.absent = {one for one, name in NAMES.items() if name in arguments.none}
        self.images: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []
        self.sample: list[NDArray[np.uint8]] = []

    def add(self, looks: Iterable[LookedAt], judged: Verdict | None = None) -> None:
        """Label the pictures of one source."""
        for one in looks:
            name, pixels, record, known = one.picture
            size = (pixels.shape[0], pixels.shape[1])
            agreed = agreed_annotations(
                one.taught, one.suspects, known, size, self.absent, one.tracked, judged
            )
            if self.arguments.own_car:
                agreed = beside(agreed, np.array(self.arguments.own_car) * [*size[::-1], *size[::-1]])
            identity = len(self.images) + 1
            self.images.append(
                {**record, "id": identity, "file_name": name, "height": size[0], "width": size[1],
                 "label_scope": list(NAMES)}
            )  # fmt: skip
            for new in [*known, *({**one, "source": "agreed"} for one in agreed)]:
                self.annotations.append({**new, "id": len(self.annotations) + 1, "image_id": identity})
            file = str(self.arguments.output / "images" / name)
            cv2.imwrite(file, pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
            self.sample.append(painted(pixels, agreed))

    def write(self) -> None:
        """Write annotations and sheet."""
        output = self.arguments.output
        categories = [{"id": one, "name": name} for one, name in {**NAMES, **UNION}.items()]
        content = {"images": self.images, "annotations": self.annotations, "categories": categories}
        (output / "annotations.json").write_text(json.dumps(content))
        write_sheet(self.sample, output / "sheet.png")
        objects = sum(one.get("source") == "agreed" and not one["iscrowd"] for one in self.annotations)
        sys.stdout.write(f"{output}: {len(self.images)} pictures, {objects} objects agreed on\n")


def beside(annotations: Sequence[dict[str, Any]], own_car: NDArray[np.float64]) -> list[dict[str, Any]]:
    """The annotations whose boxes do not lie in the own car's box [4], px."""
    corners = [(x, y, x + w, y + h) for x, y, w, h in (one["bbox"] for one in annotations)]
    inside = [share_inside(np.array(box, np.float32), own_car.astype(np.float32)) for box in corners]
    return [one for one, share in zip(annotations, inside, strict=True) if share < _OWN]


def painted(pixels: NDArray[np.uint8], annotations: Sequence[dict[str, Any]]) -> NDArray[np.uint8]:
    """The picture with its new labels on it, 640 px wide: objects in colour, open boxes in white."""
    from pycocotools import mask as coco

    canvas = pixels.copy()
    for one in annotations:
        colour = (255, 255, 255) if one["iscrowd"] else COLOURS[one["category_id"]]
        if "segmentation" in one:
            inside = coco.decode(mask_runs(one["segmentation"], pixels.shape[:2])).astype(bool)
            canvas[inside] = (0.5 * canvas[inside] + 0.5 * np.array(colour)).astype(np.uint8)
        x, y, width, height = (round(value) for value in one["bbox"])
        cv2.rectangle(canvas, (x, y), (x + width, y + height), colour, 1)
    return cv2.resize(canvas, (640, 360), interpolation=cv2.INTER_AREA).astype(np.uint8)


def write_sheet(sample: Sequence[NDArray[np.uint8]], path: Path) -> None:
    """Up to twelve of the pictures, evenly chosen, three in a row."""
    if not sample:
        return
    chosen = [sample[int(place)] for place in np.linspace(0, len(sample) - 1, min(len(sample), 12))]
    chosen += [np.zeros_like(chosen[0])] * (-len(chosen) % 3)
    rows = [np.concatenate(chosen[start : start + 3], axis=1) for start in range(0, len(chosen), 3)]
    cv2.imwrite(str(path), np.concatenate(rows)[..., ::-1])


if __name__ == "__main__":
    main()
