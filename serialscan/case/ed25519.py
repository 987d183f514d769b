"""Whether an Ed25519 signature is right (RFC 8032, 5.1.7). Needs nothing but Python.

It only verifies, so nothing in it is secret, and that it takes longer for some numbers tells nothing.
"""

from __future__ import annotations

import hashlib

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

# A point is (X, Y, Z, T) with x = X/Z, y = Y/Z and x*y = T/Z (RFC 8032, 5.1.4).
_Point = tuple[int, int, int, int]
_NEUTRAL: _Point = (0, 1, 1, 0)


def verify_ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature (64 bytes) of a message is by a public key (32 bytes)."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, r = _decoded_point(key), _decoded_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if public is None or r is None or s >= _ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    left = _multiplied(s, _BASE)
    right = _added(r, _multiplied(challenge, public))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % _P == 0


def _added(one: _Point, other: _Point) -> _Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiplied(factor: int, point: _Point) -> _Point:
    product = _NEUTRAL
    while factor:
        if factor & 1:
            product = _added(product, point)
        point = _added(point, point)
        factor >>= 1
    return product


def _decoded_point(data: bytes) -> _Point | None:
    """The point that 32 bytes stand for (RFC 8032, 5.1.3); None if they stand for none."""
    number = int.from_bytes(data, "little")
    odd, y = number >> 255, number & ((1 << 255) - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P != 0:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P != 0 or (x == 0 and odd):
        return None
    if x & 1 != odd:
        x = _P - x
    return x, y, 1, x * y % _P


def _base() -> _Point:
    point = _decoded_point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    if point is None:
        raise AssertionError("the base point is on the curve")
    return point


_BASE = _base()
