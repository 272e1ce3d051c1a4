# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""The first lines of receipts, invoices and letters: who issued them, and where that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_LINES = 14  # of a letterhead
_MAX_NAME_LINES = 10  # in which a name with a legal form may stand
_MAX_ADDRESS_LINES = 6
_LETTER_LINES = 3  # of a letter, in which its writer's company may stand
_MAX_NAME = 60
_FORMS = (
    r"G(?:mb|MB)H(?: ?& ?C[oO]\.? ?KG)?|AG|KG|OHG|UG|e\.\s?K\.|L(?:td|TD)\.?|L(?:imited|IMITED)|"
    r"LLC|LLP|AB|SA|P(?:LC|lc)|I(?:nc|NC)\.?|C(?:orp|ORP)\.?|C(?:orporation|ORPORATION)|"
    r"P(?:ty|TY|vt|VT|te|TE)\.? ?L(?:td|TD)\.?|SARL|SAS|S\.A\.(?:S\.|R\.L\.)?|S\.L\.U?\.?|"
    r"B\.V\.|BV|N\.V\.|Oy|ApS|A/S|S\.r\.l\.|S\.p\.A\.|[Ss]p\. ?z ?o\.? ?o\.?|"
    r"S(?:dn|DN)\.? ?B(?:hd|HD|nd|ND)\.?|S/B"
)
LEGAL_FORM = re.compile(rf"(?<![\w.])(?:{_FORMS})(?!\w)")
LEGAL_NAME = re.compile(
    r"(?<!\w)(?:[A-ZÀ-Þ0-9(][\w'’&.()-]{0,30},?[ ](?:(?:&|and|und|et|of)[ ])?){1,5}"
    rf"(?:{_FORMS})(?!\w)"
)
_REGISTRATION = re.compile(
    r"\s?\(?(?:co\.?|company|reg\.?|regn?)?\s?(?:reg\.?|no\.?)?\s?:?\s?"
    r"(?:\d{4,12}\s?-?\s?[A-Z0-9]|[A-Z]{2}\d{6,8}-?[A-Z]?)\)?\.?$",
    re.I,
)
_WELCOME = re.compile(r"^(?:welcome to|bienvenue (?:chez|à)|willkommen bei)\s", re.I)
_DIVIDERS = "([-–—|•·"
_GAP = re.compile(r"\s{3}\s{0,200}|\t")
_NO_NAME = re.compile(
    r"\b(?:receipts?|invoice|tax|bill|cash (?:bill|sales?|receipt|invoice)|"
    r"cashier|welcome|thank|tel|telephone|fax|phone|dates?|tables?|orders?|copy|duplicate|reprint|customer|page|gst|vat|reg|document|doc|member|guest|"
    r"check|quotation|rechnung|quittung|beleg|facture|ticket|factuur|bon|faktura|paragon|cuenta|"
    r"factura|statement|delivery|credit note|payment|licensee|formerly|closed|opening hours|"
    r"qty|quantity|items?|amount|details|name|seite|page|description|total|proforma|estimate|summary|original)\b",
    re.I,
)
_HEADING = re.compile(
    r"^(?:tax |cash |sales |pro-?forma )?(?:invoice|receipt|bill|quotation|quote|rechnung|quittung|"
    r"angebot|facture|devis|factuur|faktura|factura|fattura|purchase order|"
    r"statement)\b[^.!?]{0,40}$",
    re.I,
)
_ADDRESSEE = re.compile(
    r"\b(?:bill(?:ed)?|sold|ship|invoiced?|deliver)(?:ed)? to\b|\bcustomer\b|\bkunde\b|\bclient\b|"
    r"\bnabywca\b|\bklant\b|^(?:an|to)\s?:",
    re.I,
)
_STREET = re.compile(
    r"\b(?:jalan|jln|jl|lorong|lot|taman|tmn|bandar|kampung|kg|persiaran|lebuh|street|st|road|rd|"
    r"avenue|ave|blvd|boulevard|drive|dr|lane|ln|way|court|ct|square|sq|parkway|pkwy|highway|hwy|"
    r"suite|unit|floor|level|block|blk|plaza|mall|building|bldg|wisma|menara|centre|center|rue|"
    r"place|allée|chemin|quai|calle|plaza|avenida|via|viale|piazza|ulica|ul|aleja|section|seksyen|"
    r"sector|p\.?o\.? box|postfach|industrial|estate|park|terrace|crescent|close|box|batu|desa)\b|"
    r"(?:straße|strasse|str\.|weg|platz|allee|gasse|straat|laan|plein|gracht|kade|damm|ufer)\b",
    re.I,
)
_POSTCODE = re.compile(
    r"\b\d{4,6}\b(?!-[A-Z]\b)|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b|\b\d{2}-\d{3}\b|"
    r"\b\d{4} ?[A-Z]{2}\b"
)
_NUMBERED = re.compile(
    r"^(?:no\b\.?\s?|lot\s?|#\s?)?[\w#&,./() -]{0,14}?\d[\w/.-]{0,8},?\s[^\W\d_]|"
    r"[^\W\d_]{3}\S{0,30} \d{1,4}\s?[a-zA-Z]?,?$",
    re.I,
)
_CONTACT = re.compile(
    r"\b(?:tel|telephone|phone|mobile|ph|fax|hp|e-?mail|www|http|gst|vat|tax|btw|tva|nip|ust|mwst|"
    r"reg|date|datum|abn|invoice|receipt|bill|time|cashier|document|customer service|whatsapps?|"
    r"hotline|tél|tlf|roc|uen|company no|co\.? no|ssm|siret|order|store|qty|item|server|"
    r"guest|check|seite|page|blatt|kundennr|customer|ifsc|code)\b|"
    r"@|\d\d[/.]\d\d[/.]\d{2}|\d\d:\d\d",
    re.I,
)
_REGISTERED = re.compile(
    r"\b(?:tel|fax|phone|ph|mobile|gst|reg|vat|tax|co|company|abn|www|e-?mail|website)\b", re.I
)
_PRICE = re.compile(r"\d[.,]\d\d(?!\d)")
_TOWN = re.compile(
    r"(?:^|[\s,.])\d{5,6}(?=[\s,.]|$)|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}$|\b\d{4} ?[A-Z]{2}\b"
)
_PLACE = re.compile(r"[^\W\d_][^\W\d_.' -]{0,24}(?:,? [^\W\d_]{2,20}| [A-Z]\.[A-Z]\.?){0,3}[.,]?$")


@dataclass(frozen=True)
class _Head:
    """The first lines of a document; ``breaks`` are those below an empty line."""

    lines: list[str]
    breaks: frozenset[int]


def issuer(text: str, *, is_bill: bool) -> str | None:
    """The name at the head of a document, as written without its registration number.

    That is the first line with a legal form; in a bill, else the first line that can be a name.
    """
    lines = _head(text).lines
    place = _name_place(lines, is_bill=is_bill)
    if place is None:
        return None
    start, end = place
    return _clean_name(" ".join(lines[start:end]))


def issuer_address(text: str) -> str | None:
    """The address below the name at the head of a bill, on one line."""
    head = _head(text)
    lines = head.lines
    place = _name_place(lines, is_bill=True)
    if place is None:
        return None
    start = next(
        (
            index
            for index in range(place[1], min(place[1] + 7, len(lines)))
            if _is_address(lines[index])
        ),
        None,
    )
    if start is None:
        return None
    end = start + 1
    last = min(len(lines), start + _MAX_ADDRESS_LINES)
    while end < last and end not in head.breaks and _continues(lines, end):
        end += 1
    address = " ".join(lines[start:end]).strip(" ,")
    is_whole = end - start > 1 or _POSTCODE.search(address)
    return address if is_whole else None


def has_bill_heading(text: str) -> bool:
    """Whether a short line among the first names the text an invoice, a receipt or the like."""
    return any(_HEADING.match(line) for line in _head(text).lines)


def names_addressee(text: str) -> bool:
    """Whether a document names the party that it is for, as invoices do: "Bill to"."""
    return any(_ADDRESSEE.search(line[:60]) for line in text[:6_000].split("\n"))


def _head(text: str) -> _Head:
    """The first lines with letters or digits, up to the addressee or a price.

    Of columns, the first.
    """
    lines: list[str] = []
    breaks = set()
    for line in text[:4_000].split("\n"):
        cell = _GAP.split(line.strip(), maxsplit=1)[0].strip(" *=_-|")
        if _ADDRESSEE.search(cell):
            break
        if _PRICE.search(line):
            break
        if any(char.isalnum() for char in cell):
            lines.append(cell)
        elif not line.strip():
            breaks.add(len(lines))
        if len(lines) >= MAX_LINES:
            break
    return _Head(lines, frozenset(breaks))


def _name_place(lines: Sequence[str], *, is_bill: bool) -> tuple[int, int] | None:
    """The lines of the name, as (first, after the last)."""
    legal = _legal_place(lines)
    if not is_bill:
        return legal if legal and legal[0] < _LETTER_LINES else None
    named = _first_name(lines)
    address = next(
        (index for index, line in enumerate(lines) if _is_address(line) or _CONTACT.search(line)),
        len(lines),
    )
    # below the address it is rather the name of the owner, of the bank or of the maker
    if legal and (legal[0] <= address or named is None):
        return legal
    return named


def _first_name(lines: Sequence[str]) -> tuple[int, int] | None:
    """The first line that can be a name, unless a labelled value stands above it."""
    for index, line in enumerate(lines[:4]):
        if _is_name(line):
            return index, index + 1
        is_label = ":" in line and not _REGISTERED.search(line)
        if is_label or _is_address(line):
            return None
    return None


def _legal_place(lines: Sequence[str]) -> tuple[int, int] | None:
    for index, line in enumerate(lines[:_MAX_NAME_LINES]):
        form = LEGAL_FORM.search(line)
        if form and form.end() <= _MAX_NAME and _is_end(line, form.end()):
            if form.start():
                first = _wrapped_start(lines, index)
                return (first, index + 1) if _has_letters(line[: form.start()]) else None
            if index and _is_name(lines[index - 1]):
                return index - 1, index + 1
    return None


def _wrapped_start(lines: Sequence[str], index: int) -> int:
    """The first line of a name that is wrapped within brackets: "… (SETIA", "ALAM) SDN BHD"."""
    first = index
    if ")" in lines[index] and "(" not in lines[index].split(")")[0]:
        while first and _is_name(lines[first - 1]):
            first -= 1
    return first


def _is_end(line: str, position: int) -> bool:
    """Whether only a registration number or the address follows in the line."""
    rest = line[position:].strip(" .,")
    if not rest or rest[0].isdigit() or rest[0] in _DIVIDERS or _is_address(rest):
        return True
    return bool(_REGISTRATION.fullmatch(rest))


def _has_letters(text: str) -> bool:
    return sum(map(str.isalpha, text)) > 1 and ":" not in text and "@" not in text


def _clean_name(name: str) -> str | None:
    name = _WELCOME.sub("", name)
    form = LEGAL_FORM.search(name)
    rest = name[form.end() :].lstrip(" .,") if form else ""
    if form and rest and (rest[0].isdigit() or rest[0] in _DIVIDERS or _is_address(rest)):
        name = name[: form.end()]
    cleaned = _REGISTRATION.sub("", name).strip(" ,")
    return cleaned or None


def _is_name(line: str) -> bool:
    name = _WELCOME.sub("", line)
    letters = sum(map(str.isalpha, name))
    digits = sum(map(str.isdigit, name))
    if not 3 <= len(name) <= _MAX_NAME or letters < 3 or digits > 4 or len(name.split()) > 7:
        return False
    if not (name[0].isupper() or name[0].isdigit()) or any(char in name for char in ":@€£$?!"):
        return False
    return not (_NO_NAME.search(name) or _CONTACT.search(name) or _is_address(name))


def _is_address(line: str) -> bool:
    if _CONTACT.search(line) or len(line) > 90 or not any(map(str.isalpha, line)):
        return False
    has_number = any(map(str.isdigit, line))
    is_numbered = has_number and bool(_NUMBERED.search(line))
    return has_number and bool(_STREET.search(line) or _POSTCODE.search(line) or is_numbered)


def _continues(lines: Sequence[str], index: int) -> bool:
    """Whether a line belongs to the address that the lines above it began."""
    line, before = lines[index], lines[index - 1]
    if _CONTACT.search(line) or _NO_NAME.search(line):
        return False
    is_place = bool(_PLACE.fullmatch(line))
    if _TOWN.search(before) and not before.endswith(","):
        return is_place
    has_street = bool(_STREET.search(line))
    if _is_address(line) or has_street or (before.endswith(",") and len(line) <= 60):
        return True
    return is_place and (line.endswith((",", ".")) or bool(_POSTCODE.search(before)))
