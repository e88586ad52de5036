"""A claim: an object that says that somebody works on something; it tells a holder that lives from one that died."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pipeline.errors import InputError, MediaError
from pipeline.storage.dialects import dialect_of
from pipeline.storage.objects import remove
from pipeline.storage.reach import asked
from pipeline.structures.address import Address

#: Seconds after which a holder writes its claim again, and after which one that was not written again is free.
_BEAT_SECONDS, _STILL_SECONDS = 10.0, 40.0

#: Seconds between looks at a claim of somebody else's.
_LOOK_SECONDS = 2.0

#: Looks that see no claim, with a write behind each that finds one: others come and go so quickly once or twice.
_MOST_UNSEEN = 5


@contextmanager
def claimed(address: Address, owner: str) -> Iterator[bool]:
    """True while this process holds the claim at `address`; False where somebody else does, who lives.

    That takes a while to find out: a claim that was not written again for 40 s is free, by the clock of who waits, so
    that no two clocks are compared. One of the same `owner` is taken over at once, as by a process that has that one's
    lock. A holder that was away for longer has lost its claim and does not know: what it makes has to be safe without.
    Raises as storage.objects.look_at does.
    """
    heart = _Heart(address, owner)
    if not heart.begin():
        yield False
        return
    thread = threading.Thread(target=heart.beat, name="claim", daemon=True)
    thread.start()
    try:
        yield True
    finally:
        heart.stop.set()
        thread.join()
        if heart.tag:
            with suppress(InputError, MediaError):  # it stands still from now on, and so is free in a while
                remove([address])


class _Heart:
    """A claim that is written again and again. tag : its own, as this process wrote it; none where it is lost."""

    def __init__(self, address: Address, owner: str) -> None:
        self.stop, self.tag = threading.Event(), ""
        self._address, self._owner, self._count = address, owner, 0
        self._dialect = dialect_of(address)

    def begin(self) -> bool:
        """Take the claim; False where another holds it, or was quicker."""
        seen, since, unseen = "", 0.0, 0
        while True:
            tag, owner = self._look()
            if not tag and self._write(""):
                return True
            unseen = 0 if tag else unseen + 1
            if unseen == _MOST_UNSEEN:
                raise InputError(
                    f"{self._address} is there, and may not be read.", do="check the keys to the storage"
                )
            if owner == self._owner or (tag == seen != "" and time.monotonic() > since + _STILL_SECONDS):
                return self._write(tag)
            if tag and tag != seen:
                if seen:
                    return False
                seen, since = tag, time.monotonic()
            time.sleep(_LOOK_SECONDS)

    def beat(self) -> None:
        """Write it again until `stop`, or until another has taken it."""
        while self.tag and not self.stop.wait(_BEAT_SECONDS):
            try:
                if not self._write(self.tag):
                    tag, owner = self._look()  # it may be ours all the same: an answer was lost
                    self.tag = tag if owner == self._owner else ""
            except (InputError, MediaError):
                continue  # the next beat may do better; if none does, the claim is free, as it should be

    def _write(self, tag: str) -> bool:
        """Write the claim where it has this tag, or none is there for an empty one; False where that does not hold."""
        self._count += 1
        content = f"{self._owner} {self._count}".encode()  # each time another, and so is its tag
        write = self._dialect.write_if
        try:
            self.tag = asked(self._address, lambda at: write(at, content, tag))
        except FileExistsError:
            return False
        return True

    def _look(self) -> tuple[str, str]:
        """Tag and owner of the claim; empty where there is none. A tag that is older than the owner opens no door."""
        try:
            facts = asked(self._address, lambda at: at.fs.info(at.path, **at.limit))
            content = asked(self._address, lambda at: at.fs.cat_file(at.path, **at.limit))
        except InputError:
            return "", ""
        return self._dialect.tag(facts, content), str(content.decode(errors="replace").rpartition(" ")[0])
