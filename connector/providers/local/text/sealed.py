"""Tokens that hold what was replaced in a text, encrypted with a secret of the caller."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken

MIN_SECRET = 8
_PREFIX = "fct1."  # the format, so that a later one can be told apart
_SALT = b"formcall redact 1"
_MAX_BYTES = 8_000_000


class InvalidSeal(ValueError):
    """The token is none of ours, was changed, or was made with another secret."""


def seal(values: Mapping[str, str], secret: str) -> str:
    """A token of which only ``secret`` gives ``values`` back."""
    data = zlib.compress(json.dumps(dict(values), ensure_ascii=False).encode())
    return _PREFIX + Fernet(base64.urlsafe_b64encode(_key(secret)[:32])).encrypt(data).decode()


def open_seal(token: str, secret: str) -> dict[str, str]:
    """What was sealed; ``InvalidSeal`` when it cannot be opened."""
    token = "".join(token.split())
    if not token.startswith(_PREFIX):
        raise InvalidSeal
    try:
        data = Fernet(base64.urlsafe_b64encode(_key(secret)[:32])).decrypt(
            token.removeprefix(_PREFIX).encode()
        )
    except (InvalidToken, ValueError):
        raise InvalidSeal from None
    values: dict[str, str] = json.loads(zlib.decompressobj().decompress(data, _MAX_BYTES))
    return values


def pseudonym(kind: str, value: str, secret: str) -> str:
    """Eight hexadecimal digits that are the same for the same value and secret."""
    key = _key(secret)[32:]
    return hmac.new(key, f"{kind}\n{value}".encode(), hashlib.sha256).hexdigest()[:8]


@lru_cache(maxsize=64)
def _key(secret: str) -> bytes:
    """64 bytes, slow to compute so that a weak secret cannot be guessed quickly."""
    return hashlib.scrypt(secret.encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=64)
