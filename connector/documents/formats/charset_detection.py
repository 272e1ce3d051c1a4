"""Text from bytes: by its mark, its declared charset, or what the bytes themselves show.

A charset that is guessed, and that may as well be another one, is a warning.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from connector.charsets import CharsetError, decode

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD = 4_096  # bytes in which a text may declare its charset
_DECLARED = re.compile(
    rb"""<\?xml[^<>]{0,200}?\bencoding\s{0,9}=\s{0,9}["']([\w.:-]{1,40})"""
    rb"""|<meta\b[^<>]{0,300}?\bcharset\s{0,9}=\s{0,9}["']?([\w.:-]{1,40})""",
    re.IGNORECASE,
)
_SAMPLE = 200_000  # bytes from which a charset is guessed
_MIN_ZEROS = 0.1  # of the bytes at even or odd places, in UTF-16
_MAX_OTHER_ZEROS = 0.01
_JAPANESE = re.compile("[\u3041-\u30fa\u4e00-\u9fff]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_HALF_WIDTH_KANA = re.compile("[\uff61-\uff9f]")  # Western letters, read as Japanese
_MIN_SHARE = 0.8  # of characters beyond ASCII that belong to the script
_PUNCTUATION = re.compile("[\u3000-\u303f\uff01-\uff5e\uffe5\u2010-\u2027\u30fb\u30fc]")
_CANDIDATES = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r"),
    *("gb18030", "big5", "cp949", "cp932"),
)
_NAMES = {"cp932": "Shift_JIS", "cp949": "EUC-KR", "koi8_r": "KOI8-R"}
_CLOSE = 0.1  # disorder by which a second charset is as likely
_WESTERN = "cp1252"


@dataclass(frozen=True)
class DecodedText:
    """``warning`` is a sentence where the charset was guessed, else ""."""

    text: str
    warning: str = ""


def decode_file(content: bytes, charset: str = "") -> DecodedText:
    """The text of a file with ``\\n`` line endings; ``charset`` is what its sender declared."""
    found = _decode(content, charset)
    text = found.text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return DecodedText(text, found.warning)


def _decode(content: bytes, charset: str) -> DecodedText:
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return DecodedText(content.decode(codec, "replace"))
    warning = ""
    for declared in filter(None, (charset, declared_charset(content))):
        try:
            return DecodedText(decode(content, declared))
        except CharsetError:
            warning = f'It is not text in the charset "{declared[:40]}" that it declares'
    try:
        return DecodedText(content.decode("utf-8"), f"{warning}; it is UTF-8." if warning else "")
    except UnicodeDecodeError:
        pass
    guessed = _guess(content)
    if warning:
        return DecodedText(guessed.text, f"{warning}; its charset was guessed.")
    return guessed


def declared_charset(content: bytes) -> str:
    """The charset in the head of an HTML or XML text; "" for none."""
    match = _DECLARED.search(content[:_HEAD])
    return (match[1] or match[2]).decode("ascii") if match else ""


def utf_16_without_mark(content: bytes) -> str:
    """The codec of a text in UTF-16 that does not begin with its mark; "" for other bytes."""
    sample = content[: _SAMPLE & ~1]
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if half and odd >= _MIN_ZEROS * half and even <= _MAX_OTHER_ZEROS * half:
        return "utf-16-le"
    if half and even >= _MIN_ZEROS * half and odd <= _MAX_OTHER_ZEROS * half:
        return "utf-16-be"
    return ""


def _guess(content: bytes) -> DecodedText:
    if codec := utf_16_without_mark(content):
        return DecodedText(content.decode(codec, "replace"))
    sample = content[:_SAMPLE]
    for codec in ("cp932", "euc_jp"):
        if _is_japanese(sample, codec):
            return DecodedText(content.decode(codec, "replace"))
    if _is_korean(sample):
        return DecodedText(content.decode("cp949", "replace"))
    codec, is_certain = _likely(sample)
    text = content.decode(codec, "replace")
    if is_certain and "\ufffd" not in text:
        return DecodedText(text)
    name = _NAMES.get(codec, codec.replace("cp", "windows-"))
    return DecodedText(
        text,
        f"Its charset is not declared and was guessed to be {name}: letters beyond a-z may be "
        "wrong. Send it in UTF-8, or declare its charset.",
    )


def _is_japanese(sample: bytes, codec: str) -> bool:
    """Whether the bytes are Japanese in that charset: with kana, and with little else."""
    text = codecs.getincrementaldecoder(codec)("replace").decode(sample)
    if "\ufffd" in text or not _KANA.search(text):
        return False
    return _share(text, _JAPANESE, _PUNCTUATION) >= _MIN_SHARE


def _is_korean(sample: bytes) -> bool:
    """Whether the bytes are Korean; only its usual syllables count."""
    text = codecs.getincrementaldecoder("euc_kr")("replace").decode(sample)
    return "\ufffd" not in text and _share(text, _HANGUL, _PUNCTUATION) >= _MIN_SHARE


def _share(text: str, *scripts: re.Pattern[str]) -> float:
    """The share of the characters beyond ASCII that belong to ``scripts``."""
    beyond = sum(not char.isascii() for char in text)
    return sum(len(script.findall(text)) for script in scripts) / max(beyond, 1)


def _likely(sample: bytes) -> tuple[str, bool]:
    """The likeliest charset, and whether the others would give the same text."""
    from charset_normalizer import from_bytes

    found = from_bytes(sample, cp_isolation=list(_CANDIDATES), enable_fallback=False)
    matches = [match for match in found if not _HALF_WIDTH_KANA.search(str(match))]
    if not matches:
        return _WESTERN, False
    lowest = min(match.chaos for match in matches)
    close = [match for match in matches if match.chaos <= lowest + _CLOSE]
    western = [match for match in close if _WESTERN in match.could_be_from_charset]
    best = matches[0]
    if western and western[0].coherence >= best.coherence:
        return _WESTERN, len(close) == 1
    return best.encoding, len(close) == 1
