"""What a worker does with memory that it gives back.

Every batch takes and gives back the same few megabytes. The GNU C library returns blocks of such a
size to the kernel at once and has them cleared anew for the next batch, which took a sixteenth of a
run; told to keep them, a worker takes no more memory than before.
"""

import contextlib
import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Names of options, in the library's `malloc.h`."""

_KEPT = 64 << 20
_LARGE = 32 << 20
"""The most that the library lets a block be that is kept."""


def keep_freed_memory() -> None:
    """Keep it for the next batch; nothing happens where the C library is another one."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _KEPT)
