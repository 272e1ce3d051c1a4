"""The codes of countries by their names in several languages."""

from __future__ import annotations

import re
from functools import cache

from connector.catalogue.localities import region_names

_OTHER_COUNTRY_NAMES = {
    "US": "united states|united states of america|usa|u.s.|u.s.a.|vereinigte staaten|états-unis|"
    "estados unidos|stati uniti",
    "GB": "united kingdom|uk|u.k.|great britain|england|scotland|wales|northern ireland|"
    "vereinigtes königreich|großbritannien|royaume-uni|reino unido",
    "DE": "deutschland|allemagne|alemania|germania|duitsland|niemcy|ger|deu",
    "FR": "frankreich|francia|frankrijk|fra",
    "ES": "españa|spanien|espagne|spagna|spanje|esp",
    "IT": "italia|italien|italie|italië|ita",
    "NL": "the netherlands|nederland|niederlande|pays-bas|países bajos|holland|nld",
    "AT": "österreich|autriche|austria|oostenrijk|aut",
    "CH": "schweiz|suisse|svizzera|suiza|zwitserland|che",
    "BE": "belgië|belgique|belgien|bélgica|bel",
    "PL": "polska|polen|pologne|polonia|pol",
    "SE": "sverige|schweden|suède|suecia|swe",
    "NO": "norge|norwegen|norvège|noruega|nor",
    "DK": "danmark|dänemark|danemark|dinamarca|dnk",
    "FI": "suomi|finnland|finlande|finlandia|fin",
    "PT": "portugal|prt",
    "GR": "hellas|griechenland|grèce|grecia|grc",
    "CZ": "czechia|czech republic|česko|tschechien|tchéquie|cze",
    "IE": "éire|irland|irlande|irlanda|republic of ireland|irl",
    "TR": "turkey|türkiye|türkei|turquie|turquía|tur",
    "RU": "russia|russian federation|russland|russie|rusia|rus",
    "CN": "china|people's republic of china|prc|chine|chn",
    "TW": "taiwan|twn",
    "JP": "japan|nippon|japon|japón|jpn",
    "KR": "south korea|republic of korea|südkorea|corée du sud|kor",
    "KP": "north korea|nordkorea|dprk|prk",
    "IN": "india|bharat|indien|inde|ind",
    "BR": "brasil|brasilien|brésil|bra",
    "MX": "méxico|mexiko|mexique|mex",
    "CA": "kanada|can",
    "AU": "australien|australie|aus",
    "NZ": "neuseeland|aotearoa|nzl",
    "ZA": "südafrika|afrique du sud|zaf|rsa",
    "AE": "united arab emirates|uae|are",
    "VN": "vietnam|viet nam|vnm",
    "CI": "ivory coast|côte d'ivoire|civ",
    "CV": "cape verde|cabo verde",
    "MM": "burma|myanmar",
    "SZ": "swaziland|eswatini",
    "MK": "macedonia|north macedonia",
    "VA": "vatican|vatican city|holy see",
    "UA": "ukraine|ukr",
    "HU": "hungary|magyarország|ungarn|hongrie|hun",
    "RO": "romania|românia|rumänien|rou",
    "IL": "israel|isr",
    "SA": "saudi arabia|ksa|sau",
}
# names of several countries
_SEVERAL_COUNTRIES = {
    "korea": ("KR", "KP"),
    "congo": ("CG", "CD"),
    "america": (),
    "guinea": ("GN", "GW", "GQ", "PG"),
    "ireland": ("IE",),
    "samoa": ("WS", "AS"),
    "virgin islands": ("VG", "VI"),
}
_NOT_IN_NAME = re.compile(r"[^\w ]")


def _country_key(text: str) -> str:
    return " ".join(_NOT_IN_NAME.sub(" ", text.casefold().replace("&", " and ")).split())


def country_codes(text: str) -> tuple[str, ...]:
    """The codes of ISO 3166 that ``text`` may name: one, several for a name of several, or none."""
    key = _country_key(text)
    if key in _SEVERAL_COUNTRIES:
        return _SEVERAL_COUNTRIES[key]
    short = key.removeprefix("the ").removeprefix("republic of ")
    code = _countries().get(key) or _countries().get(short)
    return (code,) if code else ()


@cache
def _countries() -> dict[str, str]:
    known = {_country_key(name): code for code, name in region_names().items()}
    known |= {code.casefold(): code for code in region_names()}
    for code, names in _OTHER_COUNTRY_NAMES.items():
        known |= {_country_key(name): code for name in names.split("|")}
    return known
