"""asked: a storage's answer, asked again where it does not give one; fsspec knows the kinds of storages."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from threading import Lock, Thread
from typing import Any, NamedTuple, TypeVar

from pipeline.errors import InputError, MediaError, SegVideoError, UsageError, extra_command
from pipeline.structures.address import Address, links_of

_T = TypeVar("_T")

#: Seconds between one try and the next. Each is shortened at random, so that many workers do not come back at once.
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)

#: Seconds without an answer before a try counts as failed.
STALL_SECONDS = 60.0

#: The packages that reach the storages whose own errors say less, by what an address begins with.
_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs", "http": "aiohttp", "https": "aiohttp"}

#: fsspec's SFTP, which goes to any host.
_ANY_HOST = "fsspec.implementations.sftp.SFTPFileSystem"

#: HTTP's answers after which another try may do better: time-outs and throttling; also all above 500.
_PASSING = (408, 425, 429)

#: The user of an address, and its query: a server may send us on to a signed address, which errors tell.
_KEYS = re.compile(r"(?<=://)[^\s/@'\"]*@|\?[^\s'\"]+")


class Reached(NamedTuple):
    """A storage of fsspec's, and an address as its calls take it. limit : of time, where they take one."""

    fs: Any
    path: str
    limit: Mapping[str, float]


class _Connection(NamedTuple):
    """A storage whose calls block: one at a time, since a connection of FTP or SFTP knows no other way.

    path : of the address for which it was made; a chain is made for one.
    """

    fs: Any
    path: str
    lock: Any


#: By process and root of the addresses, the latest last: one that failed is left, and made anew.
_CONNECTIONS: dict[tuple[int, str], _Connection] = {}
_MOST_CONNECTIONS = 16


def asked(address: Address | str, call: Callable[[Reached], _T], more_seconds: float = 0.0) -> _T:
    """The answer that `call` gets, made again with growing pauses where the storage gives no answer.

    more_seconds : beyond those after which a call has failed, of storages that know no limit of their own. Raises
    InputError where the address is not there or refused, MediaError where the storage does not answer, UsageError where
    the package is missing that reaches it, or there is none, FileExistsError where a write's condition did not hold.
    """
    for pause in (*PAUSES, None):
        try:
            return _answer(str(address), call, more_seconds)
        except (SegVideoError, FileExistsError):
            raise
        except Exception as error:  # each storage has errors of its own, without a root in common
            forget(address)
            if _is_taken(error):
                raise FileExistsError(str(address)) from error
            if isinstance(error, FileNotFoundError) and not is_unreached(error):
                raise InputError(f"{address} is not there.", do="check the address") from error
            if isinstance(error, NotImplementedError):
                raise InputError(f"{address}: its storage cannot do that.", found=_words(error)) from error
            if _is_refusal(error):
                raise InputError(
                    f"{address} is refused by its storage.",
                    found=_words(error),
                    do="check the keys to the storage",
                ) from error
            if pause is None:
                raise MediaError(
                    f"{address} cannot be reached: the storage does not answer.",
                    found=_words(error),
                    do="check the way to it and the keys; the same command goes on from here",
                ) from error
        time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - nothing secret
    raise AssertionError("the last try returns or raises")


def forget(address: Address | str) -> None:
    """Let the next question at this address be asked by a new connection."""
    _let_go((os.getpid(), _root(str(address))))


def _let_go(key: tuple[int, str]) -> None:
    """Drop a connection, and close the file that an archive lies in: left to its end, a failure would be on stderr."""
    connection = _CONNECTIONS.pop(key, None)
    holder: Any = None if connection is None else getattr(connection.fs, "of", None)

    def close() -> None:
        with suppress(Exception):  # of a connection that is lost
            holder.__exit__(None, None, None)

    if hasattr(holder, "__exit__"):
        Thread(target=close, name="storage", daemon=True).start()  # it may never answer


def _answer(url: str, call: Callable[[Reached], _T], more_seconds: float) -> _T:
    links = links_of(url)
    kinds, is_chain = [_kind(url, link) for link in links], len(links) > 1
    kind = kinds[0]
    path = "" if is_chain else kind._strip_protocol(url)
    if kind.async_impl is True and not is_chain:
        return call(Reached(_opened(kind, url), path, {"timeout": STALL_SECONDS}))
    connection = _connection(kind, url)
    with connection.lock:
        connection.fs.invalidate_cache()  # others write there too
        return _within(
            STALL_SECONDS + more_seconds, partial(call, Reached(connection.fs, path or connection.path, {}))
        )


def _connection(kind: Any, url: str) -> _Connection:
    key = os.getpid(), _root(url)
    if key not in _CONNECTIONS:
        fs, path = _within(STALL_SECONDS, partial(_connected, kind, url))
        _CONNECTIONS[key] = _Connection(fs, path, Lock())
        while len(_CONNECTIONS) > _MOST_CONNECTIONS:
            _let_go(next(iter(_CONNECTIONS)))
    return _CONNECTIONS[key]


def _kind(url: str, link: str) -> Any:
    """The class of fsspec's for what a link of an address begins with. Raises UsageError where there is none.

    fsspec makes the storages of a chain itself, so that it is told of ours in place of its own SFTP.
    """
    scheme = link.partition("://")[0]
    try:
        from fsspec import get_filesystem_class, register_implementation

        kind = get_filesystem_class(scheme)
        if f"{kind.__module__}.{kind.__name__}" == _ANY_HOST:
            from pipeline.storage.known_hosts import KnownHostsSftp

            kind = KnownHostsSftp
            for protocol in kind.protocol:
                register_implementation(protocol, kind, clobber=True)
        return kind
    except ImportError as error:
        package = _PACKAGES.get(scheme)
        found = None if package else str(error)
        further = () if package in (None, "s3fs", "aiohttp") else (package,)
        raise UsageError(
            f"{url} is an address, and the packages that read it are not installed.",
            found=found,
            do=f"{extra_command('remote', *further)}, or save it to a file first",
        ) from error
    except ValueError as error:
        raise UsageError(
            f"{url} is an address of no kind that is known.",
            found=f"{scheme}://",
            do="check what it begins with; a camera or a stream is looked at by seg-video live",
        ) from error


def _opened(kind: Any, url: str) -> Any:
    if url.startswith("http"):
        # Servers that compress would count other bytes; proxies and ~/.netrc are the user's own.
        return kind(client_kwargs={"headers": {"Accept-Encoding": "identity"}, "trust_env": True})
    # What a storage has told of names is old by the next question: others write there too.
    return kind(**kind._get_kwargs_from_urls(url), use_listings_cache=False)


def _connected(kind: Any, url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    if len(links_of(url)) > 1:
        fs, path = url_to_fs(url, skip_instance_cache=True)
        return fs, path
    return kind(**kind._get_kwargs_from_urls(url), skip_instance_cache=True), ""


def _root(url: str) -> str:
    """The part of an address that tells the connection: all of a chain."""
    scheme, _, rest = url.partition("://")
    return url if len(links_of(url)) > 1 else f"{scheme}://{rest.partition('/')[0]}"


def _within(seconds: float, call: Callable[[], _T]) -> _T:
    """The result of a call that knows no limit of time. Raises TimeoutError; its thread then ends whenever it does."""
    answer: Future[_T] = Future()

    def work() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # whatever it is, it is the asker's
            answer.set_exception(error)

    Thread(target=work, name="storage", daemon=True).start()
    return answer.result(seconds)


def _is_taken(error: Exception) -> bool:
    """True where a write's condition did not hold.

    s3fs knows that of AWS's own answers only; gcsfs gives a large upload up then, which fails in turn.
    """
    if isinstance(error.__context__, FileExistsError) or _status(error) == 412:
        return True
    codes = {getattr(error, "error_code", None)}  # Azure's
    codes.add((getattr(error.__cause__, "response", None) or {}).get("Error", {}).get("Code"))  # S3's
    return bool(codes & {"PreconditionFailed", "412", "BlobAlreadyExists"})


def _status(error: Exception) -> int | None:
    """HTTP's status of an answer, by whatever name the error has it: of aiohttp's, Azure's, Google's."""
    found = (getattr(error, name, None) for name in ("status", "status_code", "code"))
    return next((status for status in found if isinstance(status, int)), None)


def is_unreached(error: FileNotFoundError) -> bool:
    """True where it is said to be missing since nobody answers there: fsspec has one error for both.

    What gcsfs does not find may be its own large upload, where that failed and is given up.
    """
    return "upload_id=" in str(error) or (
        isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, FileNotFoundError)
    )


def _is_refusal(error: Exception) -> bool:
    status = _status(error)
    if status is not None:
        return 400 <= status < 500 and status not in _PASSING
    # SFTP's library and FTP's have names for it, and no number.
    if type(error).__name__ in ("AuthenticationException", "BadHostKeyException", "error_perm"):
        return True
    return isinstance(error, PermissionError) or (isinstance(error, OSError) and "Forbidden" in str(error))


def _words(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError) and error.__cause__ is not None:
        error = error.__cause__  # fsspec says of a host that cannot be reached that its file is missing
    return f"{type(error).__name__}: {_KEYS.sub('', str(error)).strip().split(chr(10))[0][:200]}"
