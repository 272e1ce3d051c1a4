# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""The total of a receipt or an invoice, from its rows of a label and amounts.

A row is a line such as "TOTAL 9.00", or a label with its amount in a line below. Rows are sorted by
what their label says: totals of other things (pieces, points, tax, net) are no candidates. What was
paid in cash less the change is a check: it decides between several totals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.providers.local.text.label_matching import FieldQuery, normalize
from connector.providers.local.text.money import CURRENCY_MARK, plain_digits
from connector.providers.local.text.sentences import word_set

MAX_LINES = 2_000
MAX_LABEL = 60  # characters before the amount of a row
HALF_CENT = 0.005
_LARGEST_ROUNDING = 0.05  # of a sum to what coins can pay
# an amount has cents; "1.234,-" too, and "EUR 12" by its currency
# (in "TOTAL 3 248.04" the 3 counts pieces: spaces divide groups where a comma divides cents)
_CENTS = (
    r"\d{1,3}(?:[.,'’]\d{3}){1,4}[.,]\d\d|\d{1,3}(?:[ \u00a0\u202f]\d{3}){1,4},\d\d|"
    r"\d{1,2}(?:,\d\d){1,4},\d{3}\.\d\d|\d{1,9}[.,]\d\d"
)
_AMOUNT = re.compile(
    rf"(?<![\w.,])(?P<minus>[-−(]\s?)?(?:{CURRENCY_MARK}\s?)?(?P<inner>[-−]\s?)?"
    rf"(?P<number>{_CENTS})(?P<after>-)?(?![\d%]|[.,/-]\d|\s?%)"
    rf"|(?<![\w.,]){CURRENCY_MARK}\s?(?P<whole>\d{{1,9}})(?:,-{{1,2}})?(?![\w.,%])"
    r"|(?<![\w.,])(?P<dash>\d{1,3}(?:\.\d{3}){0,3}),-{1,2}(?![\w])",
    re.I,
)
_AFTER_AMOUNTS = re.compile(
    rf"[\s)*]{{0,3}}(?:{CURRENCY_MARK})?[\s*]{{0,3}}(?:TTC|HT|[A-Z]{{1,2}})?\s{{0,3}}"
)
_WORD = re.compile(r"[^\W\d_]{2,30}")
_TOTAL_WORDS = word_set(
    "total totals summe gesamt gesamtbetrag gesamtsumme endbetrag endsumme totaal totale suma "
    "razem ogolem importe tot ttl rechnungsbetrag gesamtpreis"
)
_DUE_WORDS = word_set("due payable zahlbetrag balance outstanding saldo naleznosc")
_DUE_PHRASE = re.compile(
    r"\b(?:to pay|a payer|a pagar|te betalen|zu zahlen(?:de[rs]?)?|do zaplaty|da pagare|"
    r"amount due)\b"
)
_FINAL_WORDS = word_set(
    "grand rounded round final nett gross brutto ttc incl inkl inclusive including inclusief "
    "payable compris incluido rounding due"
)
_LAST_WORDS = word_set("payable final")  # after discounts and rounding
_TAKEN_WORDS = word_set("accepted acceptad inserted received")  # by a machine
_PAID_WORDS = _TAKEN_WORDS | word_set("paid pay payment tenoer tend")  # of cash, if there is change
_OTHER_WORDS = word_set(
    "qty quantity quantities item items article articles artikel artikelen pcs pieces units points "
    "pts point saving savings saved discount discounts disc rabatt remise korting count number "
    "weight guests members member earned balance before previous last stueck stuck anzahl aantal "
    "outlet deposit redeemed voucher food drinks beverage drink hours vouchers loyalty reward "
    "rewards bonus stamps miles"
)
_NET_WORDS = word_set(
    "sub subtotal excl excluding exclusive excluded exkl before ht hors netto net taxable "
    "zwischensumme imponible soustotal subtotaal zzgl without zero exclude"
)
_TAX_WORDS = word_set("gst vat tax taxes mwst ust tva iva btw sst hst pst steuer podatek service")
_INCLUDED = re.compile(
    r"\b(?:incl\w*|inkl\w*|ttc|with|compris\w*|incluid\w*)\b(?!.{0,12}\bin\b)|\bttc\b|\bt\.t\.c"
)
_TAX_INSIDE = re.compile(
    r"\bincludes?\b|\bdont\b|\bdavon\b|\benthalten\w*|\bwaarvan\b|\bof which\b"
)
_CASH_WORDS = word_set("cash tendered tender bar especes efectivo contant geg gegeben gotowka")
_CHANGE_WORDS = word_set("change ruckgeld rueckgeld rendu wisselgeld cambio reszta wechselgeld")
_CARD_WORDS = word_set(
    "visa mastercard master card debit credit maestro pin cb karte amex girocard ec"
)
_ROUNDING = re.compile(r"\bround|\brour\b|\brundung|\barrondi|\brnd\b|\badj(?:ustment)?\b")
_SUMMARY = re.compile(
    r"\b(?:gst|vat|tax|mwst|steuer|tva|btw)\b.{0,6}\b(?:summary|analysis|breakdown|code|rate|%)|"
    r"\bsteuer ?%|\b(?:netto?|net)\s.{0,20}\b(?:steuer|tax|vat|mwst|brutto|gross)\b"
)
# what else the name or the hint of a field for the total of a document may say
_FIELD_CONCEPTS = word_set(
    "total gross due payment amount invoice order quote price balance =receipt =purchase =bill "
    "=paid =sum =currency =ticket =money company supplier number"
)


@dataclass(frozen=True)
class AmountRow:
    """A label (lower case, without accents) with its amounts."""

    label: str
    amounts: tuple[float, ...]

    @property
    def words(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self.label))


@dataclass(frozen=True)
class _Candidate:
    value: float
    rank: int  # 4 for a rounded total, 3 for a final one, 2 for a total, 1 for what is due


def is_total_field(field: FieldQuery) -> bool:
    """Whether a field asks for the total of a document, and not for one before tax, of points …"""
    if field.kind not in {"money", "number"} or field.name - _FIELD_CONCEPTS:
        return False
    return bool(field.all & {"total", "gross"}) or {"amount", "due"} <= field.all


def has_total_row(rows: Sequence[AmountRow]) -> bool:
    """Whether rows are those of a receipt or an invoice: one is a total, or cash and change."""
    return bool(_candidates(rows)) or _paid(rows) is not None


def document_total(field: FieldQuery, rows: Sequence[AmountRow]) -> tuple[bool, float | None]:
    """(whether there is a row of a total, the total; None where several differ)."""
    paid = _paid(rows)
    candidates = _candidates(rows)
    if not candidates:
        is_stated = paid is not None and any(paid in row.amounts for row in rows)
        return is_stated, paid if is_stated else None
    return True, _decide(candidates, paid, rows, wants_due="due" in field.all)


def _decide(
    candidates: Sequence[_Candidate],
    paid: float | None,
    rows: Sequence[AmountRow],
    *,
    wants_due: bool,
) -> float | None:
    scores: dict[float, float] = {}
    for one in candidates:
        rank = one.rank if one.rank > 1 or not wants_due else 5
        scores[one.value] = max(scores.get(one.value, 0), rank)
    if paid is not None:
        for value in scores:
            scores[value] += 3 * (abs(value - paid) < HALF_CENT)
    best = max(scores.values())
    leading = [value for value, score in scores.items() if score == best]
    if len(leading) > 1:
        return _sum_of_others(leading, rows)
    if paid is None or abs(leading[0] - paid) < HALF_CENT:
        return leading[0]
    if abs(leading[0] - paid) <= _LARGEST_ROUNDING + HALF_CENT:  # coins paid a rounded total
        return paid if any(paid in row.amounts for row in rows) else None
    if any(one.rank > 2 for one in candidates):
        return leading[0]
    return paid if any(paid in row.amounts and _is_known(row.label) for row in rows) else None


def _sum_of_others(leading: Sequence[float], rows: Sequence[AmountRow]) -> float | None:
    """The total that is another total plus an amount of the text, such as its tax."""
    amounts = {amount for row in rows for amount in row.amounts}
    largest = max(leading)
    is_sum = all(
        any(abs(largest - value - amount) < HALF_CENT for amount in amounts)
        for value in leading
        if value != largest
    )
    return largest if is_sum else None


def _candidates(rows: Sequence[AmountRow]) -> list[_Candidate]:
    found = []
    has_change = any(row.words & _CHANGE_WORDS and row.amounts for row in rows)
    for row in rows:
        rank = _rank(row, has_change=has_change)
        amount = _gross(row.amounts)
        if rank and amount is not None and amount > 0:
            found.append(_Candidate(amount, rank))
    return [*found, *_rounded(rows, found)]


def _rounded(rows: Sequence[AmountRow], found: Sequence[_Candidate]) -> Iterator[_Candidate]:
    """Rounded totals: "ROUNDING 42.35", or 42.35 where 42.33 and "ROUNDING 0.02" are given."""
    stated = {amount for row in rows for amount in row.amounts}
    for row in rows:
        if len(row.amounts) == 1 and _ROUNDING.search(row.label):
            amount = row.amounts[0]
            if any(abs(amount - one.value) <= _LARGEST_ROUNDING + HALF_CENT for one in found):
                yield _Candidate(amount, 4)
            elif 0 < abs(amount) <= _LARGEST_ROUNDING + HALF_CENT:
                sums = {round(one.value + sign * amount, 2) for one in found for sign in (1, -1)}
                yield from (_Candidate(value, 4) for value in sorted(sums & stated))


def _gross(amounts: Sequence[float]) -> float | None:
    """The only amount, or the last of "net, tax, gross"."""
    if len(amounts) == 3 and abs(amounts[0] + amounts[1] - amounts[2]) < HALF_CENT:
        return amounts[2]
    return amounts[0] if len(amounts) == 1 else None


def _rank(row: AmountRow, *, has_change: bool) -> int:
    """How surely the label is that of the total: 4, 3, 2, 1, or 0 if it is not."""
    label, words = row.label, row.words
    is_total = bool(words & _TOTAL_WORDS)
    if words & (_CASH_WORDS | _TAKEN_WORDS):  # a total all the same if no change was given
        return int(is_total and (bool(words & _TAKEN_WORDS) or not has_change))
    is_included = bool(_INCLUDED.search(label))
    is_due = bool(_DUE_PHRASE.search(label))
    if _is_of_other(row, is_all=is_included or is_due):
        return 0
    if not is_total:
        return int(is_due or bool(words & _DUE_WORDS))
    if _ROUNDING.search(label) or words & _LAST_WORDS:
        return 4
    return 3 if is_included or is_due or words & _FINAL_WORDS else 2


def _is_of_other(row: AmountRow, *, is_all: bool) -> bool:
    """Whether a row is of change, a card, tax, net or pieces; ``is_all``: it says "incl. tax"."""
    words = row.words
    if words & (_CHANGE_WORDS | _CARD_WORDS) or _TAX_INSIDE.search(row.label):
        return True
    if words & (_TAX_WORDS | _NET_WORDS) and not is_all:
        return True
    return bool(words & _OTHER_WORDS - {"balance"})


def _paid(rows: Sequence[AmountRow]) -> float | None:
    """Cash less change, if the text has both once."""
    cash = {row.amounts[-1] for row in rows if row.words & _CASH_WORDS and row.amounts}
    cash = cash or {row.amounts[-1] for row in rows if row.words & _PAID_WORDS and row.amounts}
    change = {abs(row.amounts[-1]) for row in rows if row.words & _CHANGE_WORDS and row.amounts}
    if len(cash) != 1 or len(change) != 1:
        return None
    paid = round(cash.pop() - change.pop(), 2)
    return paid if paid > 0 else None


def read_rows(text: str) -> list[AmountRow]:
    """The rows of a text, up to a summary of its taxes, and those after it that are paid."""
    rows: list[AmountRow] = []
    labels: list[str] = []
    amounts: list[float] = []
    in_summary = False
    for line in text.split("\n")[:MAX_LINES]:
        label, values = _read_line(line)
        if label is None:
            continue
        if label and amounts:
            rows += _stacked(labels, amounts)
            labels, amounts = [], []
        if label and values:
            rows += _stacked(labels, amounts)
            labels = []
            if not in_summary:
                rows.append(AmountRow(label, values))
        elif label:
            in_summary = in_summary or bool(_SUMMARY.search(label) and _candidates(rows))
            labels = [*labels, label][-12:]
        elif len(values) > 1:
            labels, amounts = [], []  # a row of a table, not of labels that stand above it
        elif not in_summary:
            amounts += values
    return [*rows, *_stacked(labels, amounts)]


def _stacked(labels: Sequence[str], amounts: Sequence[float]) -> Iterator[AmountRow]:
    """Labels one below the other, with their amounts below them in the same order."""
    if amounts and len(amounts) <= len(labels):
        known = [label for label in labels if _is_known(label)]
        if len(known) >= len(amounts) > 1 or len(amounts) == 1:
            for label, amount in zip(labels[-len(amounts) :], amounts, strict=True):
                yield AmountRow(label, (amount,))


def _is_known(label: str) -> bool:
    words = frozenset(_WORD.findall(label))
    known = _TOTAL_WORDS | _DUE_WORDS | _NET_WORDS | _TAX_WORDS | _CASH_WORDS | _CHANGE_WORDS
    return bool(words & known) or bool(_ROUNDING.search(label))


def _read_line(line: str) -> tuple[str | None, tuple[float, ...]]:
    """(the label of a line, its amounts); no label for an empty line or a sentence."""
    if not line.strip():
        return None, ()
    matches = list(_AMOUNT.finditer(line[:400]))
    if not matches:
        return normalize(line.strip()[:MAX_LABEL]), ()
    rest = _AFTER_AMOUNTS.fullmatch(line[matches[-1].end() : 420])
    label = line[: matches[0].start()].strip(" .:=\t…*-")
    if rest is None or len(label) > MAX_LABEL:
        return normalize(label[:MAX_LABEL]), ()
    return normalize(label), tuple(map(_value, matches))


def _value(match: re.Match[str]) -> float:
    raw = match["number"] or match["whole"] or match["dash"]
    decimal_comma = raw[-3:-2] == "," or match["dash"] is not None
    value = float(plain_digits(raw, decimal_comma))
    return -value if match["minus"] or match["inner"] or match["after"] else value
