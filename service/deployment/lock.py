"""The lock file: which pins an installation with some extras needs, and with which hashes."""

import re
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def needed(distribution: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """The distribution's requirements on this machine, theirs, and so on; by canonical name.

    It is read from what is installed here.

    Raises:
        PackageNotFoundError: one of them is not installed.
    """
    found: dict[str, set[str]] = {}
    waiting = [(distribution, set(extras))]
    while waiting:
        name, wanted = waiting.pop()
        seen = name in found
        new = wanted - found.setdefault(name, set())
        found[name] |= new
        if not seen or new:
            waiting += _requirements(name, found[name])
    return set(found) - {distribution}


def _requirements(name: str, extras: set[str]) -> list[tuple[str, set[str]]]:
    parsed = map(Requirement, requires(name) or ())
    return [
        (canonicalize_name(required.name), set(required.extras))
        for required in parsed
        if required.marker is None
        or any(required.marker.evaluate({"extra": extra}) for extra in {"", *extras})
    ]


def pinned(lock: str, names: set[str]) -> str:
    """The entries of a lock file that pin these names, each with its hashes, as they stand.

    Raises:
        LookupError: a name is not pinned.
    """
    entries = [entry for entry in re.split(r"^(?=\w)", lock, flags=re.MULTILINE) if entry.strip()]
    by_name: dict[str, list[str]] = {}
    for entry in entries:
        match = _NAME.match(entry)
        if match:
            by_name.setdefault(canonicalize_name(match[0]), []).append(entry)
    missing = names - set(by_name)
    if missing:
        raise LookupError(f"not in the lock file: {', '.join(sorted(missing))}")
    return "".join(entry for name in sorted(names) for entry in by_name[name])
