"""Quantities with a unit, in the base unit of the SI that people use for them."""

from __future__ import annotations

import re
from decimal import Decimal

# unit: (dimension, factor to the base unit)
_METRE, _KILOGRAM, _LITRE, _SQUARE, _SECOND, _SPEED = "m", "kg", "l", "m²", "s", "km/h"
_FACTORS: dict[str, tuple[str, Decimal]] = {
    name: (base, Decimal(factor))
    for base, units in {
        _METRE: {
            "mm millimeter millimeters millimetre millimetres": "0.001",
            "cm centimeter centimeters centimetre centimetres": "0.01",
            "dm": "0.1",
            "m meter meters metre metres": "1",
            "km kilometer kilometers kilometre kilometres": "1000",
            'in inch inches " ″': "0.0254",
            "ft foot feet ' ′": "0.3048",
            "yd yard yards": "0.9144",
            "mi mile miles": "1609.344",
            "nmi": "1852",
        },
        _KILOGRAM: {
            "mg milligram milligrams": "0.000001",
            "g gr gram grams gramm": "0.001",
            "kg kgs kilo kilos kilogram kilograms kilogramm": "1",
            "lb lbs pound pounds": "0.45359237",
            "st stone": "6.35029318",
        },
        _LITRE: {
            "ml milliliter milliliters millilitre millilitres": "0.001",
            "cl centiliter centilitre": "0.01",
            "dl deciliter decilitre": "0.1",
            "l liter liters litre litres ltr": "1",
            "m3 m³": "1000",
            "cm3 cm³ cc": "0.001",
        },
        _SQUARE: {
            "cm2 cm²": "0.0001",
            "m2 m² sqm qm": "1",
            "km2 km²": "1000000",
            "ha hectare hectares hektar": "10000",
            "ft2 ft² sqft": "0.09290304",
            "acre acres": "4046.8564224",
        },
        _SECOND: {
            "ms": "0.001",
            "s sec secs second seconds sekunden": "1",
            "min mins minute minutes minuten": "60",
            "h hr hrs hour hours std stunde stunden": "3600",
            "d day days tage": "86400",
        },
        _SPEED: {"km/h kmh kph": "1", "mph": "1.609344", "m/s": "3.6", "kn knot knots": "1.852"},
    }.items()
    for names, factor in units.items()
    for name in names.split()
}
# units that are several, with what they may be
_SEVERAL: dict[str, tuple[tuple[str, str, Decimal], ...]] = {
    name: tuple((label, base, Decimal(factor)) for label, base, factor in readings)
    for names, readings in {
        "oz ounce ounces": (
            ("ounce", _KILOGRAM, "0.028349523125"),
            ("US fluid ounce", _LITRE, "0.0295735295625"),
        ),
        "gal gallon gallons": (
            ("US gallon", _LITRE, "3.785411784"),
            ("imperial gallon", _LITRE, "4.54609"),
        ),
        "pt pint pints": (
            ("US pint", _LITRE, "0.473176473"),
            ("imperial pint", _LITRE, "0.56826125"),
        ),
        "t ton tons": (
            ("tonne", _KILOGRAM, "1000"),
            ("short ton", _KILOGRAM, "907.18474"),
            ("long ton", _KILOGRAM, "1016.0469088"),
        ),
    }.items()
    for name in names.split()
}
_CERTAIN = {"tonne": ("kg", Decimal(1000)), "tonnes": ("kg", Decimal(1000))}
_IMPERIAL = frozenset({"GB", "IE"})
_US = frozenset({"US"})
_PART = re.compile(
    r"\s{0,3}([+-]?\d{1,12}(?:\.\d{1,9})?)\s{0,3}([^\W\d_]{1,12}[²³23]?(?:/[hs])?|[\"'″′])"
)
_TEMPERATURE = re.compile(
    r"([+-−]?\d{1,4}(?:\.\d{1,3})?)\s?(?:°\s?|degrees? )?(C|F|Celsius|Fahrenheit)", re.I
)
_SIGNIFICANT = 9


def quantity_readings(text: str, region: str = "") -> list[str]:
    """What ``text`` may mean, in base units, such as ``1.8034 m`` for 5 ft 11 in; none: nothing.

    A decimal comma has been replaced by a point.
    """
    degrees = _TEMPERATURE.fullmatch(text.strip())
    if degrees:
        return [_celsius(Decimal(degrees[1].replace("−", "-")), degrees[2][0].upper())]
    parts = _divided(text)
    if not parts:
        return []
    if len(parts) == 1:
        number, unit = parts[0]
        several = _chosen(_SEVERAL.get(unit, ()), region)
        if several:
            return list(
                dict.fromkeys(_written(number * factor, base) for _, base, factor in several)
            )
    known = [(number, *_factor(unit)) for number, unit in parts if _factor(unit)[0]]
    if len(known) != len(parts) or len({base for _, base, _ in known}) != 1:
        return []
    return [_written(sum((n * factor for n, _, factor in known), Decimal(0)), known[0][1])]


def _chosen(
    several: tuple[tuple[str, str, Decimal], ...], region: str
) -> tuple[tuple[str, str, Decimal], ...]:
    word = "imperial" if region in _IMPERIAL else "US" if region in _US else ""
    chosen = tuple(one for one in several if word and one[0].startswith(word))
    is_volume = all(base == _LITRE for _, base, _ in several)
    return chosen if chosen and is_volume else several


def _factor(unit: str) -> tuple[str, Decimal]:
    return _CERTAIN.get(unit) or _FACTORS.get(unit) or ("", Decimal(0))


def _divided(text: str) -> list[tuple[Decimal, str]]:
    """(number, unit) of each part, such as of ``5 ft 11 in``; none if anything else is there."""
    parts = []
    end = 0
    while match := _PART.match(text, end):
        parts.append((Decimal(match[1]), match[2].casefold().replace("²", "2").replace("³", "3")))
        end = match.end()
        if text[end : end + 1] == ".":
            end += 1
    return parts if not text[end:].strip() else []


def _celsius(degrees: Decimal, scale: str) -> str:
    return _written((degrees - 32) * 5 / 9 if scale == "F" else degrees, "°C")


def _written(number: Decimal, unit: str) -> str:
    rounded = Decimal(f"{number:.{_SIGNIFICANT}g}")
    return f"{rounded.normalize():f} {unit}"
