# ruff: noqa: PLR2004 - lengths and weights of a public standard are plainest as figures
"""Check digits of numbers that identify accounts, cards, people and companies.

Each function takes the number without blanks and punctuation, in upper case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

# ISO 13616: the length of an IBAN by its country
_IBAN_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "NO",
        "16": "BE",
        "18": "DK FI FO GL NL SD",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU XK",
        "21": "CH CR HR LI LV",
        "22": "BG BH DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HU LB NI PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for country in countries.split()
}
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_ODD_NUMBERS = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
_ODD_LETTERS = (*_ODD_NUMBERS, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_ODD_VALUES = dict(
    zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (*_ODD_NUMBERS, *_ODD_LETTERS), strict=True)
)


def is_card(digits: str) -> bool:
    """A payment card: 12 to 19 digits of a known issuer whose Luhn sum fits."""
    return 12 <= len(digits) <= 19 and digits[0] in "23456" and luhn(digits)


def luhn(digits: str) -> bool:
    """The sum of ISO/IEC 7812, as in card numbers."""
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    total = sum(int(digit) for digit in digits[::-2]) + sum(sum(divmod(one, 10)) for one in doubled)
    return total % 10 == 0 and len(set(digits)) > 1


def is_iban(text: str) -> bool:
    """An IBAN: the length of its country, and the remainder 1 of ISO 7064."""
    if _IBAN_LENGTHS.get(text[:2]) != len(text) or not text.isalnum() or not text.isascii():
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def _weighted(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def is_us_ssn(digits: str) -> bool:
    """A US social security number by the ranges that are issued; it has no check digit."""
    area = digits[:3]
    is_issued = area not in {"000", "666"} and area < "900"
    return len(digits) == 9 and is_issued and digits[3:5] != "00" and digits[5:] != "0000"


def is_spanish_id(text: str) -> bool:
    """A Spanish DNI or NIE by its letter."""
    if len(text) != 9 or text[0] not in "XYZ0123456789" or not text[1:8].isdigit():
        return False
    number = "XYZ".find(text[0])
    digits = (str(number) if number >= 0 else text[0]) + text[1:8]
    return text[8] == _DNI_LETTERS[int(digits) % 23]


def is_italian_code(text: str) -> bool:
    """An Italian codice fiscale by its last letter."""
    if len(text) != 16 or not text.isalnum() or not text.isascii():
        return False
    odd = sum(_ODD_VALUES[char] for char in text[:15:2])
    even = sum(int(char, 36) - (0 if char.isdigit() else 10) for char in text[1:15:2])
    return text[15] == chr(ord("A") + (odd + even) % 26)


def is_dutch_bsn(digits: str) -> bool:
    """A Dutch citizen service number by its eleven test."""
    return len(digits) == 9 and _weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def is_french_nir(digits: str) -> bool:
    """A French social security number of 15 digits by its key."""
    return (
        len(digits) == 15 and digits[0] in "12" and 97 - int(digits[:13]) % 97 == int(digits[13:])
    )


def is_brazilian_cpf(digits: str) -> bool:
    """A Brazilian CPF by its two check digits."""
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    for length in (9, 10):
        rest = _weighted(digits, range(length + 1, 1, -1)[:length]) * 10 % 11 % 10
        if rest != int(digits[length]):
            return False
    return True


def is_polish_pesel(digits: str) -> bool:
    """A Polish PESEL by its check digit."""
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
    return len(digits) == 11 and len(set(digits)) > 1 and _weighted(digits, weights) % 10 == 0


def is_german_vat(text: str) -> bool:
    """A German VAT number by ISO 7064, MOD 11,10."""
    if len(text) != 11 or not text[2:].isdigit():
        return False
    product = 10
    for digit in text[2:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(text[10])


def _is_french_vat(text: str) -> bool:
    return text[2:].isdigit() and (12 + 3 * (int(text[4:]) % 97)) % 97 == int(text[2:4])


def _is_belgian_vat(text: str) -> bool:
    return 97 - int(text[2:10]) % 97 == int(text[10:])


def _is_austrian_vat(text: str) -> bool:
    doubled = (sum(divmod(int(digit) * 2, 10)) for digit in text[4:9:2])
    total = sum(doubled) + sum(int(digit) for digit in text[3:10:2])
    return (96 - total) % 10 == int(text[10])


def _is_luhn_vat(text: str) -> bool:
    return luhn(text[2:])


def _is_polish_vat(text: str) -> bool:
    return _weighted(text[2:11], (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(text[11])


# by country: the pattern after the two letters (9: digit, A: letter or digit), its check digits
VAT_NUMBERS: dict[str, tuple[str, Callable[[str], bool] | None]] = {
    "AT": ("U99999999", _is_austrian_vat),
    "BE": ("9999999999", _is_belgian_vat),
    "DE": ("999999999", is_german_vat),
    "DK": ("99999999", None),
    "ES": ("A9999999A", None),
    "FI": ("99999999", None),
    "FR": ("AA999999999", _is_french_vat),
    "GB": ("999999999", None),
    "IE": ("9999999A", None),
    "IT": ("99999999999", _is_luhn_vat),
    "LU": ("99999999", None),
    "NL": ("999999999B99", None),
    "PL": ("9999999999", _is_polish_vat),
    "PT": ("999999999", None),
    "SE": ("999999999901", None),
}


def is_vat(text: str) -> bool:
    """A VAT number of the European Union or of the United Kingdom, with its check digits."""
    pattern, check = VAT_NUMBERS.get(text[:2], ("", None))
    if len(text) != len(pattern) + 2 or not text.isascii():
        return False
    if not all(_matches(char, sign) for char, sign in zip(text[2:], pattern, strict=True)):
        return False
    if text[:2] == "FR" and not text[2:4].isdigit():
        return True  # keys with letters have no public check
    return check is None or check(text)


def _matches(char: str, sign: str) -> bool:
    if sign == "9":
        return char.isdigit()
    return char.isalnum() if sign == "A" else char == sign
