"""Our classes, learnt by msgspec before a second thread may read into them.

msgspec looks a class's fields up when it first reads into it. A thread that reads into the same class in that moment
meets fields half looked up, and the whole process dies of a segmentation fault (msgspec 0.22): a web process that had
just started again, with messages of several customers waiting for it.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache

import msgspec


@cache
def learn() -> None:
    """Has msgspec look up every class of ours that is imported, once a process; to be called while one thread works."""
    found: list[type[msgspec.Struct]] = [msgspec.Struct]
    for shape in found:
        found += shape.__subclasses__()
        with suppress(TypeError):  # it says so of classes that nothing can be read into
            msgspec.json.Decoder(shape)
