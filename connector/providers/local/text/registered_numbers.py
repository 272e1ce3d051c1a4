"""Numbers whose form can be checked: IBANs, and the numbers under which a business pays tax."""

from __future__ import annotations

import re

from connector.providers.local.text.check_digits import is_iban

_SHORTEST_IBAN, _LONGEST_IBAN = 15, 34  # characters
_SPACES = " \u00a0"
_IBAN_START = re.compile(r"(?<![\w])[A-Z]{2}\d{2}(?=[ \u00a0]?[A-Z0-9])")
# what follows the country code in a VAT number of the European Union and its neighbours
_VAT_FORMS = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CHE": r"\d{9}(?:MWST|TVA|IVA)?",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "GB": r"\d{9}(?:\d{3})?",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"\d{9}(?:\d{3})?",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}",
    "NO": r"\d{9}(?:MVA)?",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{5,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"\d{9}",
}
_VAT = re.compile("|".join(f"{country}(?:{form})" for country, form in _VAT_FORMS.items()))
_VAT_IN_TEXT = re.compile(
    r"(?<![\w/-])(?:"
    + "|".join(sorted(_VAT_FORMS))
    + r")[ .-]{0,2}[A-Z0-9](?:[ .-]?[A-Z0-9+*]){6,13}(?![\w-])"
)
_WRITTEN_AS = re.compile(r"[\s\u00a0.-]")
_LABELLED_TAX_NUMBER = re.compile(r"[A-Z0-9](?:[ ./-]{0,2}[A-Z0-9]){6,17}(?!\w)", re.I)
_DECIMALS = re.compile(r"\d[.,]\d\d\b(?![.,]?\d)")
_FEWEST_DIGITS = 7


def find_iban(text: str) -> str | None:
    """The only IBAN of a text, as written, or None."""
    ibans = {"".join(written.split()): written for written in _ibans(text)}
    return ibans.popitem()[1] if len(ibans) == 1 else None


def _ibans(text: str) -> list[str]:
    starts = (match.start() for match in _IBAN_START.finditer(text))
    return [written for start in starts if (written := _iban_at(text, start))]


def _iban_at(text: str, start: int) -> str | None:
    """The IBAN that begins at ``start``, as written; single spaces may divide it."""
    plain, end, gap = "", start, False
    while end < len(text) and len(plain) < _LONGEST_IBAN:
        char = text[end]
        end += 1
        if char.isascii() and (char.isdigit() or char.isupper()):
            plain, gap = plain + char, False
            is_whole = not text[end : end + 1].isalnum()
            if is_whole and len(plain) >= _SHORTEST_IBAN and is_iban(plain):
                return text[start:end]
        elif char in _SPACES and not gap:
            gap = True
        else:
            return None
    return None


def find_vat_number(text: str) -> str | None:
    """The only number of a text that has the form of a VAT number, as written, or None."""
    found = {}
    for match in _VAT_IN_TEXT.finditer(text):
        written = match.group().rstrip(" .-")
        plain = _WRITTEN_AS.sub("", written)
        if _VAT.fullmatch(plain):
            found[plain] = written
    return found.popitem()[1] if len(found) == 1 else None


def read_tax_number(text: str) -> str | None:
    """The tax number beside a label: one of a known form, else at least seven digits."""
    known = find_vat_number(text)
    if known:
        return known
    for match in _LABELLED_TAX_NUMBER.finditer(text[:80]):
        written = match.group()
        if sum(map(str.isdigit, written)) >= _FEWEST_DIGITS and not _DECIMALS.search(written):
            return written
    return None
