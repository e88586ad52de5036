"""The house's rules, held by reading the package's own source; docs/architecture.md has them in words."""

from __future__ import annotations

import ast
import builtins
import graphlib
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = "pipeline"

#: Which rooms, or single modules of a room, a room may import; EVERYWHERE and itself it always may.
MAY_IMPORT = {
    "pipeline": set(),
    "errors": set(),
    "files": set(),
    "terminal": set(),
    "cores": set(),
    "structures": set(),
    "loading": set(),
    "model": set(),
    "formats": set(),
    "weights": set(),
    "networks": {"model", "formats", "weights"},
    "labels": set(),
    "training": {"model", "formats", "weights", "networks", "labels"},
    "evaluation": {"networks", "labels", "store", "segment.shrink"},
    "storage": set(),
    "video": {"storage"},
    "store": set(),
    "track": set(),
    "render": set(),
    "segment": {"networks"},
    "workers": set(),
    "job": {
        "pictures.settings",
        "segment.settings",
        "track.settings",
        "render.settings",
        "video.settings",
        "store.region_picture",
    },
    "record": {"job", "storage"},
    "proof": {"job", "record", "video", "render", "store", "track.steadying"},
    "run": {
        "job",
        "storage",
        "record",
        "proof",
        "workers",
        "video",
        "segment",
        "store",
        "track",
        "render",
        "networks",
        "weights.digest",
    },
    "pictures": {
        "job.output_template",
        "job.protection",
        "record.layout",
        "record.lock",
        "segment",
        "track",
        "render",
        "store",
        "weights.digest",
    },
    "live": {"segment", "track", "render", "video", "workers.allocator"},
    "api": {"job", "record", "run", "proof", "segment", "networks", "track", "render", "store", "video"},
    "__main__": {"cli"},
    "cli": {
        *("live", "pictures", "video.ffmpeg", "workers.allocator"),
        *("job", "record", "proof", "run", "api", "training", "evaluation", "weights", "labels"),
        *(
            "render.settings",
            "segment.settings",
            "track.settings",
            "video.settings",
        ),  # choices that --help shows
    },
}
EVERYWHERE = {"pipeline", "errors", "files", "terminal", "cores", "structures", "loading"}

#: Imports that have to wait inside a function, so that --help and the scheduler load no network.
DEFERRED = {
    "segment": {"networks", "model", "tensorflow", "keras"},
    "api": {"networks"},
    "cli": {"training", "evaluation", "api", "pictures"},
}

#: The rooms a library from outside may be known in.
HOMES = {
    "numpy": set(MAY_IMPORT)
    - {"pipeline", "__main__", "errors", "files", "terminal", "cores"}
    - {"cli", "job", "loading", "record", "storage", "workers", "weights"},
    "tensorflow": {"model", "formats", "networks", "training"},
    "keras": {"model", "training"},
    "openvino": {"model", "networks"},
    "jax": {"model", "training"},
    "torch": {"model", "training"},
    "google": {"formats"},  # protobuf: the form of TensorFlow's graphs
    "h5py": {"formats"},
    "safetensors": {"formats"},
    "platformdirs": {"weights"},
    "filelock": {"weights", "networks"},
    "fsspec": {"storage"},
    "paramiko": {"storage"},
    "tqdm": {"weights", "training"},
    "ray": {"workers"},
    "shtab": {"cli"},
    "yaml": {"loading", "job"},
    "msgspec": {"loading"},
    "av": {"video"},
    "ffmpeg": {"live"},
    "imageio_ffmpeg": {"video"},
    "pyarrow": {"store"},
    "scipy": {"evaluation"},
    "ai_edge_litert": {"networks"},
    "PIL": {"pictures", "live", "storage"},
    "cv2": {
        "segment",
        "model",
        "networks",
        "pictures",
        "video",
        "proof",
        "render",
        "store",
        "labels",
        "training",
        "evaluation",
        "track",
    },
    "matplotlib": {"training", "evaluation"},
    "pycocotools": {"labels", "evaluation"},
}

FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "core", "base"}
LONGEST_MODULE = 350
LONGEST_FUNCTION = 60
MOST_MODULES = 20

#: Modules with fewer lines belong to their user where they have only one.
SHORTEST_MODULE = 40

#: Shorter modules with one user that stand for themselves, and why.
SHORT = {
    "pipeline.video.write.pictures": "a way to write a video: api knows no cv2",
}

#: Public names that stand for more than one thing, and why that confuses nobody.
ONE_NAME = {
    "class_names": "each kind of network has it: NetworkLoader of networks/registry.py",
    "runtime": "each kind of network has it: NetworkLoader",
    "pixel_classes": "each kind of network that gives them has it, and the registry asks it",
    "load": "each kind of network has it: NetworkLoader; the registry's own calls it",
    "rules": "each source of weights has it: formats/convert",
    "propose": "one algorithm, in Keras and beside OpenVINO in NumPy; a test holds the two together",
    "verify": "the public one hands on to proof's",
    "Boxes": "the public one has the name that YOLO's tools gave it; the other is a type of arrays",
    "Window": "of the film in track; the frame on the canvas in model, a type of four numbers",
}

#: First words that announce an answer instead of giving it.
RIDDLES = re.compile(r"(What|Whether|Which|Who|Why|How|Where|When)\b|.*(->|=>|→)")


@dataclass(frozen=True)
class Import:
    """`target` (dotted, absolute) is imported at `line`; `deferred` if that waits: in a function, or for types only."""

    target: str
    line: int
    deferred: bool


def read_package(root: Path) -> dict[str, str]:
    """Source of each module by its dotted name; a package's __init__ goes by the package's name."""
    sources = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        sources[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return sources


def room_of(module: str) -> str:
    """`pipeline.model.rpn` -> `model`; `pipeline.cli` -> `cli`; the package itself -> `pipeline`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else PACKAGE


@cache
def nodes_of(source: str) -> tuple[ast.AST, ...]:
    """Every node of a source; a dozen rules walk the same ones."""
    return tuple(ast.walk(ast.parse(source)))


@cache
def import_nodes(source: str) -> tuple[tuple[ast.Import | ast.ImportFrom, bool], ...]:
    """Every import statement of a source, and whether it is deferred."""
    nodes = nodes_of(source)
    inside = {id(n) for f in nodes if is_function(f) or is_for_types(f) for n in ast.walk(f)}
    return tuple((n, id(n) in inside) for n in nodes if isinstance(n, ast.Import | ast.ImportFrom))


def imports_of(module: str, sources: Mapping[str, str]) -> Iterator[Import]:
    """Every import of `module`, at whatever depth; names imported from a package resolve to its modules."""
    is_package = any(name.startswith(f"{module}.") for name in sources)
    for node, deferred in import_nodes(sources[module]):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        else:
            origin = absolute(module, is_package, node)
            names = [f"{origin}.{alias.name}" for alias in node.names]
            targets = sorted({name if name in sources else origin for name in names})
        yield from (Import(target, node.lineno, deferred) for target in targets)


def is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def absolute(module: str, is_package: bool, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    parts = module.split(".")
    parts = parts[: len(parts) - node.level + is_package]
    return ".".join([*parts, *([node.module] if node.module else [])])


def forbidden_rooms(sources: Mapping[str, str]) -> list[str]:
    """Imports of a room that the table does not allow."""
    found = []
    for module in sources:
        room = room_of(module)
        if room not in MAY_IMPORT:
            found.append(f"{module}: the room {room!r} is not in the table")
            continue
        for imported in imports_of(module, sources):
            if imported.target.split(".")[0] != PACKAGE or room_of(imported.target) in EVERYWHERE | {room}:
                continue
            single = imported.target.removeprefix(f"{PACKAGE}.")
            if not {room_of(imported.target), single} & MAY_IMPORT[room]:
                found.append(f"{module}:{imported.line} imports {imported.target}")
    return found


def homeless_libraries(sources: Mapping[str, str]) -> list[str]:
    """Imports of libraries outside the rooms that are their homes."""
    found = []
    for module in sources:
        for imported in imports_of(module, sources):
            library = imported.target.split(".")[0]
            if library == PACKAGE or library in sys.stdlib_module_names:
                continue
            if room_of(module) not in HOMES.get(library, set()):
                homes = ", ".join(sorted(HOMES.get(library, set()))) or "no room yet"
                found.append(f"{module}:{imported.line} imports {library}, whose home is {homes}")
    return found


def eager_imports(sources: Mapping[str, str]) -> list[str]:
    """Imports at the top of a module that have to wait inside a function."""
    found = []
    for module in sources:
        late = DEFERRED.get(room_of(module), set())
        for imported in imports_of(module, sources):
            first, *rest = imported.target.split(".")
            if not imported.deferred and (rest[0] if first == PACKAGE and rest else first) in late:
                found.append(f"{module}:{imported.line} imports {imported.target} before it is needed")
    return found


def cycles(sources: Mapping[str, str]) -> list[str]:
    """A cycle of modules that import each other, if there is one."""
    graph = {m: {i.target for i in imports_of(m, sources) if i.target in sources} - {m} for m in sources}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def talkers(sources: Mapping[str, str]) -> list[str]:
    """Calls of print, exit and quit outside `cli`, and bare excepts anywhere."""
    found = []
    for module, source in sources.items():
        for node in nodes_of(source):
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                found.append(f"{module}:{node.lineno} has a bare except")
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if is_call and node.func.id in {"print", "exit", "quit"} and room_of(module) != "cli":
                found.append(f"{module}:{node.lineno} calls {node.func.id}")
    return found


def oversized(sources: Mapping[str, str]) -> list[str]:
    """Modules and functions longer than a reader holds in mind."""
    found = []
    for module, source in sources.items():
        if (lines := len(source.splitlines())) > LONGEST_MODULE:
            found.append(f"{module} has {lines} lines")
        for node in nodes_of(source):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    found.append(f"{module}.{node.name} has {lines} lines")
    return found


def unused_allowances(
    sources: Mapping[str, str],
    may_import: Mapping[str, set[str]] = MAY_IMPORT,
    homes: Mapping[str, set[str]] = HOMES,
) -> list[str]:
    """Lines of the tables that nothing uses: what is not needed is not allowed."""
    used = {
        (room_of(m), i.target.removeprefix(f"{PACKAGE}.")) for m in sources for i in imports_of(m, sources)
    }
    allowed = [(room, target) for room, targets in may_import.items() for target in targets]
    allowed += [(room, library) for library, rooms in homes.items() for room in rooms]
    return sorted(
        f"{room} may import {target}, and does not"
        for room, target in allowed
        if not any(who == room and f"{what}.".startswith(f"{target}.") for who, what in used)
    )


def crowded(sources: Mapping[str, str]) -> list[str]:
    """Folders with more modules than one idea has, those of folders below not counted."""
    packages = {name.rpartition(".")[0] for name in sources}
    held = Counter(name.rpartition(".")[0] for name in sources if name not in packages)
    return [f"{folder} holds {count} modules" for folder, count in held.items() if count > MOST_MODULES]


def catch_alls(sources: Mapping[str, str]) -> list[str]:
    """Modules whose name says nothing about what is in them."""
    return [module for module in sources if FORBIDDEN_NAMES & set(module.split("."))]


def too_short(sources: Mapping[str, str], short: Mapping[str, str] = SHORT) -> list[str]:
    """Short modules that one other module uses; and names in the list that are none, or no longer."""
    users: dict[str, set[str]] = {module: set() for module in sources}
    for module in sources:
        for imported in imports_of(module, sources):
            if imported.target in users:
                users[imported.target].add(module)
    packages = {name.rpartition(".")[0] for name in sources}
    found = {
        module
        for module, source in sources.items()
        if len(source.splitlines()) < SHORTEST_MODULE and len(users[module]) == 1 and module not in packages
    }
    complaints = [f"{one} belongs to {min(users[one])}, its only user" for one in sorted(found - set(short))]
    return complaints + [f"{one} need not be in the list" for one in sorted(set(short) - found)]


def public_names(source: str) -> Iterator[tuple[str, str]]:
    """Each public name that a module makes at its top, and what it is: the text of a value, else a place."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name, ""
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, ast.unparse(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, ast.unparse(node.value)


def double_names(sources: Mapping[str, str], allowed: Mapping[str, str] = ONE_NAME) -> list[str]:
    """Public names of different things; and names in the list that stand for one thing only."""
    meanings: dict[str, dict[str, str]] = {}
    for module, source in sources.items():
        for name, meaning in public_names(source):
            if not name.startswith("_"):
                meanings.setdefault(name, {})[module] = meaning or f"of {module}"
    double = {name for name, places in meanings.items() if len(set(places.values())) > 1}
    # Floats of float32 and of float64 are both arrays of floats.
    double -= {name for name in double if all(m.startswith("NDArray[") for m in meanings[name].values())}
    found = [f"{name} is in {', '.join(sorted(meanings[name]))}" for name in sorted(double - set(allowed))]
    return found + [f"{name} need not be in the list" for name in sorted(set(allowed) - double)]


def riddles(sources: Mapping[str, str]) -> list[str]:
    """Docstrings whose first line begins with a question word, or has an arrow."""
    found = []
    for module, source in sources.items():
        for node in nodes_of(source):
            if isinstance(node, ast.Module | ast.AsyncFunctionDef | ast.ClassDef | ast.FunctionDef):
                first, *_ = (ast.get_docstring(node) or "").splitlines() or [""]
                if RIDDLES.match(first):
                    found.append(f"{module}.{getattr(node, 'name', '')}: {first}")
    return found


def broken_sentences(sources: Mapping[str, str]) -> list[str]:
    """Errors for people whose first line does not end as a sentence; a text that is made elsewhere is not looked at."""
    found = []
    for module, source in sources.items():
        for node in nodes_of(source):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
                continue
            ours = (
                node.func.id.endswith("Error")
                and not node.func.id.startswith("_")
                and node.func.id not in dir(builtins)
            )
            text = ast.unparse(node.args[0]).rstrip("\"'")
            if (
                ours
                and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
                and not text.endswith((".", "{what}"))
            ):
                found.append(f"{module}:{node.lineno} is no sentence: {text}")
    return found


RULES = (
    too_short,
    double_names,
    riddles,
    broken_sentences,
    forbidden_rooms,
    homeless_libraries,
    unused_allowances,
    eager_imports,
    cycles,
    talkers,
    oversized,
    crowded,
    catch_alls,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps(rule, repo_root):
    sources = read_package(repo_root)
    assert len(sources) > 10
    assert rule(sources) == []


def table(page: str, heading: str) -> dict[str, set[str]]:
    """The rows of the table below a heading: each name in backticks of the first column, and those of the last.

    "everywhere but" turns the last column round: all rooms without those it names.
    """
    rows = {}
    for line in page.split(f"## {heading}\n")[1].split("\n## ")[0].splitlines():
        cells = line.strip("| ").split(" | ")
        names = set(re.findall(r"`([\w.]+)`", cells[-1]))
        values = set(MAY_IMPORT) - names if cells[-1].startswith("everywhere but") else names
        if line.startswith("| `"):
            rows |= {name.removesuffix(".py"): values for name in re.findall(r"`([\w.]+)`", cells[0])}
    return rows


def test_the_page_has_every_room_with_what_it_may_know(repo_root):
    page = (repo_root / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert table(page, "Rooms") == MAY_IMPORT


def test_the_page_has_every_library_with_its_homes(repo_root):
    page = (repo_root / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert table(page, "Libraries") == HOMES


def test_a_table_of_the_page_is_read():
    page = """
## Rooms

| room | its one idea | may know |
|---|---|---|
| `errors.py`, `files.py` | told with `words` | - |
| `run` | when | `job`, `weights.digest` |

## Libraries

| `x` | everywhere but `run` |
"""
    assert table(page, "Rooms") == {"errors": set(), "files": set(), "run": {"job", "weights.digest"}}
    assert table(page, "Libraries") == {"x": set(MAY_IMPORT) - {"run"}}


def house(**modules: str) -> dict[str, str]:
    """A made-up package; `model__rpn` stands for pipeline.model.rpn."""
    named = {f"{PACKAGE}.{name.replace('__', '.')}": source for name, source in modules.items()}
    packages = {name.rpartition(".")[0] for name in named}
    return {**dict.fromkeys(packages, ""), **named}


@pytest.mark.parametrize(
    ("sources", "complaint"),
    [
        (house(model__rpn="from pipeline.weights.catalog import find"), "pipeline.weights.catalog"),
        (house(model__rpn="from ..weights import catalog", weights__catalog=""), "pipeline.weights.catalog"),
        (house(track__tracker="def f():\n    import pipeline.render.palette"), "pipeline.render.palette"),
        (house(structures__masks="from pipeline.model import nms"), "pipeline.model"),
        (house(run__flow="from pipeline.weights.fetch import fetch"), "pipeline.weights.fetch"),
        (house(run__flow="from pipeline.weights import fetch", weights__fetch=""), "pipeline.weights.fetch"),
        (house(garage=""), "'garage' is not in the table"),
    ],
)
def test_an_import_outside_the_table_is_found(sources, complaint):
    (found,) = forbidden_rooms(sources)
    assert complaint in found


def test_imports_of_the_table_pass():
    sources = house(
        run__flow="from pipeline.networks.registry import find\nfrom ..structures.masks import paste_mask",
        networks__load="from pipeline.model.rpn import RPN\nfrom pipeline.errors import WeightsError",
        cli="from pipeline import __version__\nfrom pipeline.weights.catalog import catalog",
        model__rpn="from . import anchors\nfrom .anchors import grid",
        model__anchors="",
    )
    assert forbidden_rooms(sources) == []


@pytest.mark.parametrize(
    ("sources", "complaint"),
    [
        (house(structures__masks="import scipy.ndimage"), "imports scipy"),
        (house(errors="import numpy as np"), "imports numpy"),
        (house(run__flow="def f():\n    import ray"), "imports ray, whose home is workers"),
        (house(model__rpn="from h5py import File"), "imports h5py, whose home is formats"),
        (house(video__probe="import requests"), "imports requests, whose home is no room yet"),
    ],
)
def test_a_library_outside_its_home_is_found(sources, complaint):
    (found,) = homeless_libraries(sources)
    assert complaint in found


def test_libraries_at_home_pass():
    sources = house(structures__masks="import numpy as np\nimport fractions", workers__pool="import ray")
    assert homeless_libraries(sources) == []


@pytest.mark.parametrize(
    "line", ["import keras", "from pipeline.model import rpn", "from ..networks import load"]
)
def test_an_import_that_has_to_wait_is_found_at_the_top_and_passes_inside(line):
    (found,) = eager_imports(house(segment__segmenter=line))
    assert "before it is needed" in found
    for waiting in ("def setup():", "if TYPE_CHECKING:"):
        assert eager_imports(house(segment__segmenter=f"{waiting}\n    {line}")) == []


def test_a_cycle_is_found():
    (found,) = cycles(
        house(
            model__a="from pipeline.model.b import x",
            model__b="def f():\n    from . import c",
            model__c="import pipeline.model.a",
        )
    )
    assert set(found.split(" -> ")) == {"pipeline.model.a", "pipeline.model.b", "pipeline.model.c"}
    assert cycles(house(model__a="from pipeline.model.b import x", model__b="")) == []


@pytest.mark.parametrize("source", ["print(1)", "exit(1)", "try:\n    f()\nexcept:\n    pass"])
def test_talking_and_bare_excepts_are_found(source):
    assert len(talkers(house(run__flow=source))) == 1


def test_only_cli_may_print():
    assert talkers(house(cli="print(1)")) == []


def test_what_is_too_long_is_found():
    function = "def f():\n" + "    x = 1\n" * 60
    assert oversized(house(model__rpn=function)) == ["pipeline.model.rpn.f has 61 lines"]
    assert oversized(house(model__rpn="x = 1\n" * 351)) == ["pipeline.model.rpn has 351 lines"]
    assert oversized(house(model__rpn="x = 1\n" * 350)) == []


def test_an_allowance_that_nothing_uses_is_found():
    sources = house(
        run__flow="from pipeline.weights.digest import weights_digest\nimport yaml", job__options=""
    )
    may_import = {"run": {"weights.digest", "weights.dig", "job"}, "job": {"run"}}
    assert unused_allowances(sources, may_import, {"yaml": {"run", "job"}}) == [
        "job may import run, and does not",
        "job may import yaml, and does not",
        "run may import job, and does not",
        "run may import weights.dig, and does not",
    ]


def test_a_room_of_too_many_modules_is_found_and_rooms_below_it_are_not_counted():
    modules = {f"video__m{number}": "" for number in range(20)}
    below = {"video__read__probe": "", "video__read__plan": ""}
    assert crowded(house(**modules, **below)) == []
    assert crowded(house(**modules, **below, video__one_more="")) == ["pipeline.video holds 21 modules"]


@pytest.mark.parametrize("name", ["model__utils", "base", "helpers__anchors"])
def test_a_name_that_says_nothing_is_found(name):
    assert catch_alls(house(**{name: ""})) != []


def test_a_short_module_with_one_user_is_found_and_one_with_two_passes():
    sources = house(model__rpn="from pipeline.model.ranks import rank", model__ranks="def rank(): ...")
    assert too_short(sources, {}) == ["pipeline.model.ranks belongs to pipeline.model.rpn, its only user"]
    assert too_short(sources, {"pipeline.model.ranks": "a reason"}) == []
    more = house(model__nms="from pipeline.model import ranks")
    assert too_short({**sources, **more}, {}) == []
    assert too_short({**sources, **more}, {"pipeline.model.ranks": "a reason"}) != []
    assert too_short({**sources, "pipeline.model.ranks": "x = 1\n" * 40}, {}) == []


def test_a_name_of_two_things_is_found_and_the_same_value_twice_passes():
    sources = house(track__a="def carried(): ...\nFloats = NDArray", render__b="Floats = NDArray\n_x = 1")
    assert double_names(sources, {}) == []
    sources |= house(render__c="class carried: ...\n_x = 2")
    assert double_names(sources, {}) == ["carried is in pipeline.render.c, pipeline.track.a"]
    assert double_names(sources, {"carried": "a reason"}) == []
    assert double_names(sources, {"carried": "a reason", "Floats": "a reason"}) != []


@pytest.mark.parametrize("first", ["What it is.", "Whether it is.", "A frame -> its tracks."])
def test_a_docstring_that_is_a_riddle_is_found(first):
    assert len(riddles(house(model__rpn=f'class A:\n    """{first}"""'))) == 1
    assert riddles(house(model__rpn='"""Whatever is shown."""\ndef f(): ...')) == []


def test_an_error_that_is_no_sentence_is_found():
    told = 'raise UsageError("there is no car")\nraise ValueError("no car")\nraise UsageError(f"{a}: {what}")'
    assert len(broken_sentences(house(model__rpn=told))) == 1
