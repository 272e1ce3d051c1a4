"""Postal addresses in running text: a street with its number, and the town that follows."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BIG = r"[A-ZÀ-ÖØ-Þ][\w'’.-]{0,30}"
_UNIT = (
    r"(?:,?\s{1,4}(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Piso|Puerta|Interno|#)\.?\s?"
    r"[\w-]{1,8})?"
)
# the town: "Springfield, IL 62704", "London SW1A 2AA", "10115 Berlin", "1012 AB Amsterdam"
_POSTCODE = r"(?:[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}|\d{4,5}(?:-\d{3,4})?|[A-Z]\d[A-Z]\s\d[A-Z]\d)"
_TOWN = (
    rf"(?:[ ]?[,\n]?\s{{0,4}}(?:[A-Z]{{1,2}}-)?(?:\d{{4,5}}(?:\s?[A-Z]{{2}})?,?\s{_BIG}"
    rf"(?:[\s-]{_BIG}){{0,3}}(?:\s\([A-Z]{{2}}\))?"
    rf"|{_BIG}(?:[ -]{_BIG}){{0,3}},?\s(?:[A-Z]{{2}},?\s)?{_POSTCODE}"
    rf"|[A-Z]{{2}}\s\d{{5}}(?:-\d{{4}})?))?"
)
_ENGLISH = (
    r"Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|Place|Pl|Boulevard|Blvd|"
    r"Highway|Hwy|Way|Terrace|Crescent|Close|Gardens|Grove|Parkway|Pkwy|Circle|Cir|Trail|Row|Mews|"
    r"Alley|Loop|Plaza|Hill|Heights|Green|Park|Walk|Crossing|Turnpike|Run"
)
_FRENCH = r"rue|avenue|boulevard|bd|place|chemin|allée|impasse|quai|cours|route"
_SPANISH = (
    r"Calle|C/|Avenida|Avda\.?|Plaza|Paseo|Pasaje|Camino|Callejón|Glorieta|Ronda|Rambla|Cañada|"
    r"Via|Viale|Vicolo|Piazza|Corso|Strada|Contrada|Borgo|Rua|Largo|Travessa"
)
# words of English that end like a street
_NO_STREET = r"(?!During|Spring|Offering|Engineering|Manufacturing|Monitoring|String|Bring)"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![\w.,$€£-])\d{{1,5}}[A-Za-z]?\s(?:[NSEW]\.?\s)?(?:{_BIG}\s|\d{{1,3}}(?:st|nd|rd|th)\s)"
        rf"{{1,4}}(?:{_ENGLISH})\b\.?{_UNIT}{_TOWN}",
        rf"(?<!\w){_NO_STREET}[A-ZÄÖÜ][\wäöüß-]{{1,30}}(?i:straße|strasse|str\.|weg|platz|allee|gasse|"
        rf"ring|damm|straat|laan|plein|gracht|singel|gatan|vej)\s\d{{1,4}}\s?[a-z]?(?!\w){_TOWN}",
        rf"(?<!\w){_BIG}\s(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Ring)\s\d{{1,4}}\s?[a-z]?(?!\w)"
        rf"{_TOWN}",
        rf"(?<![\w.,-])(?:\d{{1,4}}(?:\s(?:bis|ter))?,?\s)(?i:{_FRENCH})\s(?:(?:de|du|des|la|le|l'|d')\s?)"
        rf"{{0,2}}{_BIG}(?:[\s-](?:(?:de|du|la|le)\s)?{_BIG}){{0,3}}{_TOWN}",
        rf"(?<!\w)(?:{_SPANISH})\s(?:(?:de|del|la|los|el)\s){{0,2}}{_BIG}(?:\s(?:de\s)?{_BIG}){{0,3}},?"
        rf"\s(?:nº\s?)?\d{{1,4}}(?!\w){_TOWN}",
        rf"(?<!\w)P\.?\s?O\.?\s?Box\s\d{{1,8}}(?!\w){_TOWN}",
        rf"(?<!\w)Postfach\s\d{{1,8}}(?!\w){_TOWN}",
    )
)


def find_addresses(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each address; a town alone is none."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield match.start(), match.start() + len(match.group().rstrip(" ,.\n"))
