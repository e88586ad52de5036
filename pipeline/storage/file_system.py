"""FileSystem: files and folders, as at sftp://, whose names are taken by a rename; what it can do is tried."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.files import RUN_SUFFIX, TEMPORARY_SUFFIX, digest_of
from pipeline.storage.dialect import Page
from pipeline.storage.reach import Reached, is_unreached

#: Words for a file that is made only where none has its name: fsspec's, and that of the library for SFTP.
_NEW_ONLY = ("xb", "wxb")

#: The file that keeps a name.
_KEPT = "seg-video keeps this name for a moment, for content of SHA-256 {}\n"


class _Ability(NamedTuple):
    """The way in which a name is taken.

    new_only : the mode in which a file is made only under a free name, where a rename replaces what has the name; None
    where the rename itself refuses that.
    """

    new_only: str | None


class FileSystem:
    """Content is written to a part under a name of its own, and renamed when it is whole.

    A part of an output lies in the work folder of its run, which is removed when the run is through. Under a free name
    only: a rename that refuses a taken name does just that; before one that replaces, a small file is made that keeps
    the name, by the one call that refuses a taken one. It tells the content that is to come, so that one that a kill
    has left is taken over by whoever brings just that.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Ability] = {}

    def refusal(self, at: Reached) -> str:
        """Tried with files of a letter each, in the innermost folder that is there; they are removed again."""
        found = self._ability(at)
        return "" if isinstance(found, _Ability) else found

    def put(self, at: Reached, file: Path, *, replace: bool) -> None:
        """See the class."""
        digest = "" if replace else digest_of(file)
        self._take(at, lambda part: at.fs.put_file(str(file), part), digest, replace=replace)

    def write_if(self, at: Reached, content: bytes, tag: str) -> str:
        """As `put`; another may write between the look at a tag and the rename, and the later of two remains."""
        if tag and self.tag({}, at.fs.cat_file(at.path)) != tag:
            raise FileExistsError(at.path)
        digest = sha256(content).hexdigest()
        self._take(at, lambda part: at.fs.pipe_file(part, content), digest, replace=bool(tag))
        return self.tag({}, content)

    def tag(self, facts: Mapping[str, Any], content: bytes) -> str:
        """The content itself: a time of change may stand still for a second."""
        del facts
        return content.decode(errors="replace")

    def page(self, at: Reached, after: str) -> Page:
        """A folder's files. `after` holds the names of the folders that are left."""
        folder, *others = after.split("\0") if after else [""]
        found = sorted(
            _listed(at.fs, f"{at.path.rstrip('/')}/{folder}".rstrip("/")), key=lambda one: one["name"]
        )
        names = [(folder + one["name"].rstrip("/").rpartition("/")[2], one) for one in found]
        folders = [f"{name}/" for name, one in names if one["type"] == "directory"]
        files = [(name, one["size"], None) for name, one in names if one["type"] != "directory"]
        return Page(files, "\0".join([*folders, *others]))

    def remove_folders(self, at: Reached) -> None:
        """With what came into them meanwhile."""
        if _facts(at.fs, at.path) is not None:
            at.fs.rm(at.path, recursive=True)

    def _take(self, at: Reached, write: Callable[[str], None], digest: str, *, replace: bool) -> None:
        """Let `write` make a part, and give it the name at `at`. digest : of its content, SHA-256."""
        fs, path, ability = at.fs, at.path, self._ability(at)
        if not isinstance(ability, _Ability):
            raise NotImplementedError(ability)
        part = _part_of(path)
        for name in (part, path):
            fs.makedirs(name.rpartition("/")[0], exist_ok=True)
        try:
            write(part)
            if replace and ability.new_only is None:
                _remove(fs, path)
            elif not replace and ability.new_only is not None:
                _keep_name(fs, path, ability.new_only, _KEPT.format(digest).encode())
            _rename(fs, part, path)
        finally:
            _remove(fs, part)

    def _ability(self, at: Reached) -> _Ability | str:
        """The ability, or the reason why it is not enough; tried once a connection."""
        key = hash(at.fs)  # of what it was connected by
        if key not in self._known:
            found = _tried(at.fs, at.path)
            if not isinstance(found, _Ability):
                return found
            self._known[key] = found
        return self._known[key]


def _tried(fs: Any, path: str) -> _Ability | str:
    """The ability, or the reason why it is not enough; tried in the innermost folder of `path` that is there."""
    from fsspec import AbstractFileSystem

    if getattr(fs.mv, "__func__", None) is AbstractFileSystem.mv:
        return "no rename: an output could be seen there before it is whole"
    folder = path.rpartition("/")[0]
    while folder and _facts(fs, folder) is None:
        folder = folder.rpartition("/")[0]
    names = [f"{folder}/.{secrets.token_hex(8)}{TEMPORARY_SUFFIX}" for _ in range(2 + len(_NEW_ONLY))]
    part, taken, *free = names
    try:
        for name in (part, taken):
            try:
                fs.pipe_file(name, name.encode())
            except NotImplementedError:
                return "it is only read"
        with suppress(Exception):  # a refusal by whatever error; what became of the files tells
            fs.mv(part, taken)
        found = _content(fs, part), _content(fs, taken)
        if found == (part.encode(), taken.encode()):
            return _Ability(None)
        if found != (None, part.encode()):
            return "a rename that leaves other files than it should"
        for mode, name in zip(_NEW_ONLY, free, strict=True):
            if (
                not _makes(fs, taken, mode)
                and _content(fs, taken) == part.encode()
                and _makes(fs, name, mode)
            ):
                return _Ability(mode)
        return "nothing that refuses a name which is taken: of two writers one would lose its output unseen"
    finally:
        for name in names:
            _remove(fs, name)


def _makes(fs: Any, path: str, mode: str) -> bool:
    """True where a file can be made by that mode, and holds what was written to it."""
    try:
        with fs.open(path, mode) as stream:
            stream.write(b"1")
    except Exception:  # each has an error of its own for a taken name, and for a mode that it lacks
        return False
    return _content(fs, path) == b"1"


def _keep_name(fs: Any, path: str, mode: str, words: bytes) -> None:
    """Make a file of these words that keeps the name. Raises FileExistsError where another file has it."""
    try:
        with fs.open(path, mode) as stream:
            stream.write(words)
    except Exception as error:
        there = _facts(fs, path)
        if there is None:
            raise
        if there["size"] != len(words) or _content(fs, path) != words:
            raise FileExistsError(path) from error


def _rename(fs: Any, part: str, path: str) -> None:
    """Rename. Raises FileExistsError where that was refused for a name that is taken."""
    refused: Exception | None = None
    try:
        fs.mv(part, path)
    except Exception as error:
        refused = error
    if _facts(fs, part) is None:
        return
    if _facts(fs, path) is not None:
        raise FileExistsError(path) from refused
    raise refused or OSError(f"{part} was not renamed")


def _part_of(path: str) -> str:
    """A new name for a part of a run's file, in the work folder of the run."""
    output = (
        path.partition(f"{RUN_SUFFIX}/")[0] + RUN_SUFFIX if f"{RUN_SUFFIX}/" in path else path + RUN_SUFFIX
    )
    return f"{output}/work/{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"


def _facts(fs: Any, path: str) -> Mapping[str, Any] | None:
    """The facts of a file or folder; None where there is none, which fs.exists says of a lost connection too."""
    try:
        facts: Mapping[str, Any] = fs.info(path)
    except FileNotFoundError as error:
        if is_unreached(error):
            raise
        return None
    return facts


def _content(fs: Any, path: str) -> bytes | None:
    return None if _facts(fs, path) is None else bytes(fs.cat_file(path))


def _listed(fs: Any, folder: str) -> list[dict[str, Any]]:
    return [] if _facts(fs, folder) is None else list(fs.ls(folder, detail=True))


def _remove(fs: Any, path: str) -> None:
    if _facts(fs, path) is not None:
        fs.rm_file(path)
