"""Numbered places where a test may end the process, to prove that any crash is survived."""

from collections.abc import Callable

_hook: Callable[[str], None] | None = None


def checkpoint(name: str) -> None:
    """Mark a place between two durable effects. Does nothing unless a test set a hook."""
    if _hook is not None:
        _hook(name)


def set_hook(hook: Callable[[str], None] | None) -> None:
    """Call `hook(name)` at every checkpoint of this process; None takes it away again."""
    global _hook  # noqa: PLW0603 - one hook per process is the point
    _hook = hook
