"""The same items, made in another thread while the earlier ones are worked on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


@contextmanager
def read_ahead(items: Iterable[Item]) -> Iterator[Iterator[Item]]:
    """The items in order, one of them made in advance; an error of theirs is raised where it is met."""
    source = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as thread:
        yield _one_ahead(source, thread)


def _one_ahead(source: Iterator[Item], thread: ThreadPoolExecutor) -> Iterator[Item]:
    # A list, because None may be an item.
    following: Future[list[Item]] = thread.submit(_next, source)
    while item := following.result():
        following = thread.submit(_next, source)
        yield item[0]


def _next(source: Iterator[Item]) -> list[Item]:
    for item in source:
        return [item]
    return []
