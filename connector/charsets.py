"""Text from the bytes of a request: in the charset that is declared, else UTF-8.

Bytes that are not text in that charset are refused. Replacing or guessing them would run, and
charge for, a text that was not sent.
"""

from __future__ import annotations

import codecs

_NOT_UTF8 = (
    "is not UTF-8 text. Send it in UTF-8, or declare its charset, such as charset=windows-1252, "
    "in its Content-Type."
)
_CODECS = frozenset(
    [
        *("ascii", "utf-8", "utf-16", "utf-16-be", "utf-16-le", "utf-32"),
        *("iso8859-1", *(f"iso8859-{number}" for number in (*range(2, 12), 13, 14, 15, 16))),
        *(f"cp{number}" for number in (437, 850, 852, 866, 874, *range(1250, 1259))),
        *("koi8-r", "koi8-u", "mac-roman", "shift_jis", "cp932", "euc_jp", "iso2022_jp"),
        *("gb2312", "gbk", "gb18030", "big5", "cp950", "euc_kr", "cp949"),
    ]
)
_LABELS = {"x-mac-roman": "mac-roman", "x-sjis": "shift_jis", "x-gbk": "gbk", "x-euc-jp": "euc_jp"}
# what is declared as the one is sent as the other: a superset that differs where it has no text
_SUPERSETS = {"ascii": "utf-8", "iso8859-1": "cp1252"}


class CharsetError(ValueError):
    """Bytes that are not text, or a charset that is not known; a sentence without its subject."""


def decode(data: bytes, charset: str = "") -> str:
    """``data`` as text; ``CharsetError`` when it is not text in ``charset`` ("": UTF-8)."""
    codec = _codec(charset) if charset else "utf-8"
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        if codec == "utf-8":
            raise CharsetError(_NOT_UTF8) from None
        raise CharsetError(
            f"is not text in {charset[:40]}, which is declared. Declare the charset in which it "
            "is written, or send UTF-8."
        ) from None


def _codec(charset: str) -> str:
    """The codec for a declared charset; many of Python's codecs are not charsets of text."""
    try:
        name = codecs.lookup(_LABELS.get(charset.strip().lower(), charset.strip())).name
    except (LookupError, ValueError):  # ValueError: a null character in the name
        name = ""
    if name not in _CODECS:
        raise CharsetError(
            f'is declared in the charset "{charset[:40]}", which is not known. Send it in UTF-8.'
        )
    return _SUPERSETS.get(name, name)
