# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""E-mail addresses, web addresses and telephone numbers in running text."""

from __future__ import annotations

import re

from connector.providers.local.text.money import ValueSpan

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?![\w@-])")
_URL = re.compile(
    r"https?://[^\s<>\"')\]]{3,2000}|(?<![\w@./-])www\.[\w-]{1,63}\.[^\s<>\"')\],;]{2,500}"
)
_BARE_DOMAIN = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9-]{2,63}\.){1,3}(?:com|org|net|io|dev|example|de|fr|uk|eu|info|co|"
    r"at|ch|es|it|nl)(?:/[^\s<>\"')\],;]{0,300})?(?![\w@])",
    re.I,
)
_PHONE = re.compile(r"(?<![\w.,/#-])(?:\+|00|\()?\d(?:[ \u00a0()./-]{0,3}\d){5,14}(?![\w@]|[.,]\d)")
# a date, with the hour after it or without
_DATE = re.compile(
    r"(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([./-])\d{1,2}\2\d{1,2})"
    r"(?:\s{1,3}\d{1,4})?"
)
NORTH_AMERICA = frozenset({"US", "CA"})
_COUNTRY_CODE = re.compile(r"^(?:\+|00)")

# certain evidence of the country whose numbers a text may write without a country code
_REGIONS = (
    (
        "GB",
        re.compile(
            r"£|\bUnited Kingdom\b|\bUK\b|\bEngland\b|\bScotland\b|\bWales\b|\bGBP\b|"
            r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b|\+44"
        ),
    ),
    (
        "US",
        re.compile(
            r"\bUSA\b|\bUnited States\b|\b[A-Z]{2} \d{5}(?:-\d{4})?\b|\bUSD\b|US\$|\+1[ -(]"
        ),
    ),
    ("DE", re.compile(r"\bDeutschland\b|\bGermany\b|\bGmbH\b|\bMwSt\b|\bUSt\b|\+49|\be\.\s?K\.")),
    ("AT", re.compile(r"\bÖsterreich\b|\bAustria\b|\bATU\d|\+43")),
    ("CH", re.compile(r"\bSchweiz\b|\bSwitzerland\b|\bSuisse\b|\bCHF\b|\+41")),
    ("FR", re.compile(r"\bFrance\b|\bSARL\b|\bSIRET\b|\bTVA\b|\bCedex\b|\+33")),
    ("ES", re.compile(r"\bEspaña\b|\bSpain\b|\bIVA\b|\+34")),
    (
        "AU",
        re.compile(
            r"\bAustralia\b|\bABN\b|\bPty\b|\bAUD\b|A\$|\b(?:NSW|VIC|QLD|TAS|WA|SA|ACT) \d{4}\b|"
            r"\+61"
        ),
    ),
    ("NZ", re.compile(r"\bNew Zealand\b|\bNZD\b|NZ\$|\+64")),
    ("IE", re.compile(r"\bIreland\b|\bEircode\b|\+353")),
    ("CA", re.compile(r"\bCanada\b|\bCAD\b|\b[A-Z]\d[A-Z] \d[A-Z]\d\b")),
    ("SG", re.compile(r"\bSingapore\b|\bSGD\b|S\$|\+65")),
    ("IN", re.compile(r"\bIndia\b|₹|\bINR\b|\bGSTIN\b|\+91")),
    ("NL", re.compile(r"\bNederland\b|\bNetherlands\b|\bBTW\b|\+31")),
    ("IT", re.compile(r"\bItalia\b|\bItaly\b|\bP\.\s?IVA\b|\+39")),
)


def find_emails(text: str) -> list[ValueSpan]:
    """E-mail addresses in lower case."""
    return [
        ValueSpan(match.start(), match.end(), match.group().rstrip(".").lower())
        for match in _EMAIL.finditer(text)
    ]


def find_urls(text: str) -> list[ValueSpan]:
    """Web addresses and bare domains as written, without the punctuation after them."""
    spans = [
        ValueSpan(match.start(), match.end(), match.group().rstrip(".,;:!?"))
        for match in _URL.finditer(text)
    ]
    borders = {position for span in spans for position in (span.start, span.end)}
    for match in _BARE_DOMAIN.finditer(text):
        is_inside = any(span.start <= match.start() < span.end for span in spans)
        if not is_inside and match.start() not in borders:
            spans.append(ValueSpan(match.start(), match.end(), match.group().rstrip(".,;:!?")))
    return sorted(spans, key=lambda span: span.start)


def region_of_country(country: str) -> str | None:
    """The region code of a country named in English, German or French."""
    regions = [name for name, pattern in _REGIONS if pattern.search(country)]
    return regions[0] if len(regions) == 1 else None


def find_phones(text: str, default_region: str | None) -> list[ValueSpan]:
    """Telephone numbers, in E.164 if their or the default region is known, else as written."""
    spans = []
    for match in _PHONE.finditer(text):
        value = normalize_phone(match.group(), default_region)
        if value and not _DATE.fullmatch(match.group().strip()):
            spans.append(ValueSpan(match.start(), match.end(), value))
    return spans


def detect_region(text: str) -> str | None:
    """The only region that ``text`` has evidence of; None for none or several."""
    head = text[:60_000]
    regions = [name for name, pattern in _REGIONS if pattern.search(head)]
    return regions[0] if len(regions) == 1 else None


def normalize_phone(raw: str, default_region: str | None) -> str | None:
    """A number in E.164 or as written; None if it cannot be a telephone number."""
    import phonenumbers  # slow to import, and needed for few fields

    digits = sum(map(str.isdigit, raw))
    if _COUNTRY_CODE.match(raw) or default_region:
        try:
            written = "+" + raw[2:] if raw.startswith("00") else raw
            number = phonenumbers.parse(written.replace("(0)", ""), default_region)
        except phonenumbers.NumberParseException:
            return None
        is_phone = (
            _COUNTRY_CODE.match(raw)
            or raw[0] in "0("
            or phonenumbers.is_valid_number(number)
            or (default_region in NORTH_AMERICA and digits == 10)
        )
        if phonenumbers.is_possible_number(number) and is_phone:
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
        return None
    return raw.strip() if 7 <= digits <= 15 and raw[0] in "0(+" else None
