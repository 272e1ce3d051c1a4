"""The ids of the Bubble plug-in, kept in a file that is only ever appended to.

Bubble finds an input or an output in its users' apps by its id alone, so an id is a contract: it is
never given to anything else. What is kept is what a thing is and where
(``action.classify.field.text:text``) with its id; a thing whose type changes is another thing.

Prebuilt actions draw from AAC upward; the operator's own draw from aAA, so that a new version of
Formcall never takes one of theirs.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from pathlib import Path

from connector.catalogue import Catalogue, action_files
from connector.errors import FormcallError

LOCK = "bubble/ids.lock.json"
FIRST, FIRST_OWN = "AAC", "aAA"
_HERE = Path(__file__).resolve()
_LETTERS = string.ascii_uppercase + string.ascii_lowercase
_ID = re.compile("[A-Za-z]{3}")
_ALPHABET = "0123456789abcdefghjkmnpqrtuvwxyz"  # Bubble's own: no i, l, o, s
_BITS = 5


class Ids:
    """Ids by what they stand for. What has none gets the next one; ``own``: of those that the
    operator's actions draw from."""

    def __init__(self, known: Mapping[str, str], *, own: bool = False) -> None:
        self._known = dict(known)
        self._own = own
        first = FIRST_OWN if own else FIRST
        mine = [
            number
            for number in map(_number, known.values())
            if (number >= _number(FIRST_OWN)) is own
        ]
        self._next = max([_number(first), *(number + 1 for number in mine)])

    def of(self, key: str) -> str:
        """The id of ``key``, for ever the same."""
        if key not in self._known:
            self._known[key] = _word(self._next)
            self._next += 1
        return self._known[key]

    def age(self, key: str) -> int:
        """A number that is less for what was there before."""
        return _number(self.of(key))

    def file(self) -> bytes:
        """The lock file: every id that was ever given, in the order in which they were."""
        kept = dict(sorted(self._known.items(), key=lambda item: _number(item[1])))
        return (json.dumps(kept, indent=2) + "\n").encode()


def ids_for(catalogue: Catalogue, kept: bytes = b"") -> Ids:
    """The ids of the prebuilt actions, then those of ``kept``, the lock file of an earlier
    build."""
    prebuilt = {path.stem for path in action_files()}
    known = {**read_lock(kept), **read_lock(_shipped().read_bytes())}
    if len(set(known.values())) < len(known):
        raise _damaged("two entries have the same id")
    return Ids(known, own=not prebuilt.issuperset(catalogue))


def read_lock(text: bytes) -> dict[str, str]:
    """The entries of a lock file, none when there is no text; ``FormcallError`` when it cannot be
    gone on with."""
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        raise _damaged("it is not JSON") from None
    if not isinstance(found, dict) or not all(
        isinstance(one, str) and _ID.fullmatch(one) for one in found.values()
    ):
        raise _damaged("an entry has no id of three letters")
    if len(set(found.values())) < len(found):
        raise _damaged("two entries have the same id")
    return found


def folder(id: str) -> str:
    """The name of the folder for ``id``: with its letters as base 32, so that aab and AAB differ on
    file systems that ignore case."""
    bits = "".join(f"{byte:08b}" for byte in id.encode())
    bits += "0" * (-len(bits) % _BITS)
    groups = (bits[start : start + _BITS] for start in range(0, len(bits), _BITS))
    return f"{id}-{''.join(_ALPHABET[int(group, 2)] for group in groups)}"


def _shipped() -> Path:
    """The lock file of the prebuilt actions: inside the installed package, or where a checkout has
    it."""
    installed = _HERE.with_name("ids.lock.json")
    return installed if installed.is_file() else _HERE.parents[3] / LOCK


def _number(id: str) -> int:
    number = 0
    for letter in id:
        number = number * len(_LETTERS) + _LETTERS.index(letter)
    return number


def _word(number: int) -> str:
    word = ""
    while number:
        number, at = divmod(number, len(_LETTERS))
        word = _LETTERS[at] + word
    return word.rjust(3, _LETTERS[0])


def _damaged(how: str) -> FormcallError:
    return FormcallError(
        "bad_request",
        (
            f"{LOCK} is damaged: {how}. Restore its last version; apps that use the plug-in rely "
            "on its ids."
        ),
    )
