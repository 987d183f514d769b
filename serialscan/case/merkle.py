"""The Merkle tree of RFC 9162, section 2.1, over SHA-256. Needs nothing but Python."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf; its prefix keeps it apart from that of a node."""
    digest = hashlib.sha256(b"\x00")
    digest.update(data)  # an entry is long: it is not copied
    return digest.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node of two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows at its end; it keeps one hash for each full subtree, not the leaves.

    Attributes:
        size: leaves so far.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._peaks: list[bytes] = []  # roots of full subtrees, largest first
        for leaf in leaves:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        """Add the hash of one leaf."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            size >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of the leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


class Paths:
    """Inclusion paths of a tree; it keeps every node, so that each path is quick.

    Args:
        leaves: hashes of all leaves.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._levels = [list(leaves)]
        while len(level := self._levels[-1]) > 1:
            paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
            self._levels.append(paired + level[2 * len(paired) :])  # without a sister it moves up as it is

    def root(self) -> bytes:
        """The root of the tree."""
        return self._levels[-1][0] if self._levels[-1] else EMPTY_ROOT

    def path(self, index: int) -> list[bytes]:
        """The hashes that lead from a leaf to the root, lowest first (PATH in RFC 9162, 2.1.3.1)."""
        levels = enumerate(self._levels[:-1])
        return [level[(index >> up) ^ 1] for up, level in levels if (index >> up) ^ 1 < len(level)]


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion path leads to (RFC 9162, 2.1.3.2); None if its length cannot be right."""
    if not 0 <= index < size:
        return None
    place, last, root = index, size - 1, leaf
    for sister in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            root = node_hash(sister, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, sister)
        place, last = place >> 1, last >> 1
    return root if last == 0 else None
