# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""What a label or a field's name is about: words of several languages mapped to shared concepts.

"Rechnungs-Nr.", "invoice no." and the field ``invoice_number`` are all {invoice, number}; two of them belong together as
far as their concepts are the same. Rare words weigh more than words such as "date" that the type already says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from .sentences import word_set

_CONCEPTS = {
    "number": "number no nr num nro nummer numero nos ref reference id code identifier referenz kennung # n° nº",
    "date": "date datum fecha data day tag jour dia dated",
    "days": "days tage tagen jours dias",
    "hours": "hours hour hrs hr hourly stunden stunde std heures heure horas",
    "reply": "reply replies answer respond antwort antworten repondre reponse",
    "expected": "expected estimated eta expect voraussichtlich prevu prevue",
    "mobile": "mobile mobil handy portable movil cell mob",
    "time": "time uhrzeit zeit hora",
    "issue": "issue issued ausgestellt emission emis emitted emitida created erstellt raised opened logged",
    "invoice": "invoice invoices invoiced rechnung facture factura fattura bill billed billing",
    "order": "order ordered bestellung bestell auftrag auftrags commande pedido purchase po ordering bought placed "
    "bestellt commandee",
    "quote": "quote quotation offer angebot angebots devis presupuesto estimate",
    "customer": "customer client kunde kunden kundin cliente clienta cliente acheteur buyer purchaser guest payer billto",
    "supplier": "supplier vendor seller lieferant verkaufer fournisseur proveedor merchant shop store",
    "company": "company firm organisation organization firma unternehmen societe entreprise empresa employer business",
    "total": "total gesamt gesamtbetrag summe totale endbetrag totaal overall altogether grand",
    "subtotal": "subtotal zwischensumme soustotal",
    "due": "due payable fallig faellig zahlbar echeance vencimiento deadline frist fallig falligkeit",
    "payment": "payment pay paid zahlung bezahlung paiement payer pago zahlen",
    "amount": "amount betrag montant importe sum somme money geld cost costs value worth charge charges charged fee fees gebuhr frais",
    "balance": "balance saldo solde outstanding",
    "net": "net netto ht excl ex excluding exclusive without ohne zzgl hors sin before nett",
    "gross": "gross brutto ttc incl inkl including inclusive",
    "tax": "vat gst tax mwst ust umsatzsteuer mehrwertsteuer tva iva hst taxes steuer",
    "rate": "rate satz taux tasa percentage percent prozent",
    "discount": "discount rabatt skonto remise descuento reduction off nachlass",
    "delivery": "delivery deliver delivered delivering shipping shipment shipped ship lieferung liefer versand livraison "
    "livre livrer envio freight postage porto dispatch dispatched despatch geliefert zugestellt arrival arrive arrived arrives parcel",
    "pickup": "pickup collection collect collected abholung retrait",
    "phone": "phone tel telephone telephones telefon ring call telefono joindre",
    "email": "email mail emails courriel correo e-mail",
    "fax": "fax telefax",
    "address": "address adresse anschrift direccion street strasse",
    "website": "website web url link homepage site webseite portfolio",
    "name": "name nom nombre naam full",
    "person": "person contact kontakt ansprechpartner attn",
    "quantity": "quantity qty anzahl menge quantite qte cantidad pieces stuck pcs units many",
    "price": "price preis prix precio cost priced einzelpreis einzel",
    "unit": "unit each einheit unite einzel",
    "description": "description item items article artikel bezeichnung beschreibung designation product produkt produit "
    "descripcion goods libelle leistung",
    "start": "start starts begin begins from beginn anfang debut inicio departure depart available earliest",
    "end": "end ends until till ende fin expiry expires expiration valid bis to latest validity",
    "tracking": "tracking sendungsnummer sendung suivi track trackingnummer consignment waybill awb",
    "ticket": "ticket case incident vorgang dossier fall",
    "account": "account konto compte cuenta iban accounts",
    "bank": "bank iban bic swift sort",
    "tip": "tip gratuity trinkgeld pourboire",
    "refund": "refund refunded erstattung remboursement rembourser reimburse reimbursement reembolso",
    "sender": "sender from absender von expediteur de remitente",
    "recipient": "recipient to empfanger destinataire shipto destinatario",
    "position": "position job role stelle poste puesto post",
    "applicant": "applicant candidate bewerber bewerberin candidat",
    "salary": "salary gehalt salaire sueldo wage pay",
    "subject": "subject betreff objet asunto re regarding",
    "priority": "priority prioritat priorite urgency severity",
    "status": "status statut state estado",
    "category": "category kategorie categorie type",
    "weight": "weight gewicht poids peso",
    "language": "language languages sprache sprachen langue langues idioma idiomas",
    "budget": "budget most maximum",
    "country": "country land pays pais",
    "city": "city town stadt ville ciudad ort",
    "postcode": "postcode zip plz postal",
    "birth": "birth born geburt geboren naissance geburtsdatum",
    "department": "department dept abteilung team",
    "room": "room zimmer chambre raum",
    "people": "people persons person guests guest gaste personen personnes participants "
    "attendees attendee participant teilnehmer teilnehmerin covers",
    "first": "first premier premiere erste erster erstes",
    "last": "last letzte letzter letztes dernier derniere",
    "new": "new neu neue nouveau nouvelle revised updated",
    "old": "old original originally alt previous earlier formerly ursprunglich",
    "method": "method methode zahlungsart",
    "terms": "terms bedingungen conditions",
    "warranty": "warranty garantie guarantee garantia",
}  # fmt: skip
PHRASES = (
    (re.compile(r"\bcheck[ -]?in\b"), "start"),
    (re.compile(r"\bcheck[ -]?out\b"), "end"),
    (re.compile(r"\b(?:bill(?:ed)?|sold|invoiced?|charged) to\b|\brechnung an\b|\bfactur[ée]e? à\b|\bfacturar a\b"), "customer"),
    (re.compile(r"\b(?:ship(?:ped)?|deliver(?:ed)?|consigned) to\b|\blieferadresse\b|\blivrer à\b"), "recipient"),
    (re.compile(r"\bpay(?:able)? by\b|\bdue (?:date|by|on)\b|\bzahlbar bis\b|\bà payer avant\b|\blast day to pay\b"), "due"),
    (re.compile(r"\b(?:hand|cell) ?phone\b|\bmobil(?:nummer|telefon)\b"), "mobile"),
    (re.compile(r"\bsub[ -]?total\b|\bsous[ -]total\b|\bzwischen-?summe\b"), "subtotal"),
    (re.compile(r"\bhors taxes?\b|\bh\.t\.|\bbefore (?:vat|tax|gst)\b"), "net"),
)  # fmt: skip
OPPOSITE = (
    ("net", "gross"), ("due", "issue"), ("subtotal", "total"), ("start", "end"), ("old", "new"), ("customer", "supplier"),
    ("delivery", "pickup"), ("phone", "fax"), ("sender", "recipient"), ("invoice", "order"), ("invoice", "quote"),
    ("order", "quote"), ("tax", "discount"), ("net", "tax"), ("email", "phone"), ("first", "last"),
)  # fmt: skip
WEAK = word_set("number date time amount name rate phone email person payment website price unit description days first last")
ROLES = word_set("customer applicant people person sender")
DOCUMENT = word_set("invoice order quote issue ticket customer")
STOP = word_set(
    "the a an of for to in on at is are was were be been it its our your their his her they we you i us them who whom what "
    "when where which how if or and any as by this that these those there has have had do does did want wants wanted need needs needed "
    "with from they she he "
    "der die das des dem den ein eine einer und oder ist sind war von im am zu zum zur fur mit bei wie was wer wo "
    "le la les l un une du de des et ou est sont a au aux pour par sur ce cette el los las y o es son en con que qui "
    "s t d here please not per pro"
)
_UMLAUT = re.compile(r"([aou])e(?=[^aeiou])")  # "buero" is "büro"
_EXCEPT = re.compile(r"[,;(]?\s?\b(?:not|nicht|pas|except|excluding|rather than)\b(?! registered)[^,;.]{0,80}", re.I)
_TOKEN = re.compile(r"#|n°|nº|[^\W_]+(?:-[^\W_]+)?|[^\W_]+")


@cache
def _words() -> Mapping[str, str]:
    table: dict[str, str] = {}
    for concept, words in _CONCEPTS.items():
        for word in words.split():
            table.setdefault(word, concept)
    return table


def plain(text: str) -> str:
    """Lower case without accents; as long as ``text`` for all but a few rare letters."""
    apart = unicodedata.normalize("NFD", text.casefold().replace("ø", "o"))
    return "".join(char for char in apart if not unicodedata.combining(char))


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """A word without the commonest endings, so that "boxes" and "box" are one."""
    for ending in ("ies", "es", "s", "en", "e", "n"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


@lru_cache(maxsize=4096)
def concepts_of(word: str) -> frozenset[str]:
    """The concepts of one plain word; German compounds give several; an unknown word is its own concept."""
    table = _words()
    for form in (word, word.rstrip("s"), stem(word)):
        if form in table:
            return frozenset({table[form]})
    if "-" in word:
        parts = [part for part in word.split("-") if part]
        return frozenset().union(*(concepts_of(part) for part in parts)) if parts else frozenset()
    for cut in range(4, len(word) - 1):
        head, tail = word[:cut], word[cut:]
        if tail in table and (head in table or head.rstrip("s") in table or stem(head) in table):
            known = table.get(head) or table.get(head.rstrip("s")) or table[stem(head)]
            return frozenset({known, table[tail]})
    return frozenset({"=" + stem(_UMLAUT.sub(r"\1", word))}) if len(word) > 1 else frozenset()


def tokens(text: str) -> list[str]:
    """The plain words of a text of any length up to a few hundred characters."""
    return _TOKEN.findall(plain(text.replace("_", " ")))


def concepts(text: str) -> frozenset[str]:
    """The concepts of a label or a short phrase."""
    rest = text.casefold().replace("_", " ")
    found = set()
    for pattern, concept in PHRASES:
        rest, times = pattern.subn(" ", rest)
        if times:
            found.add(concept)
    for word in tokens(rest):
        if word not in STOP:
            found |= concepts_of(word)
    return frozenset(found)


@dataclass(frozen=True)
class Wanted:
    """A field to fill: its key, type and choices, and the concepts of its name and of its hint."""

    key: str
    kind: str
    name: frozenset[str]
    hint: frozenset[str]
    title: str = ""
    text: str = ""
    choices: tuple[str, ...] = ()
    of: str = ""

    @property
    def all(self) -> frozenset[str]:
        return self.name | self.hint

    @property
    def telling(self) -> frozenset[str]:
        """The words of the name that say more than the type does, or all of them."""
        return frozenset(concept for concept in self.name if weight(concept) >= 0.5) or self.name

    def amount_key(self, fields: Iterable[Wanted]) -> str:
        """For a currency: the key of its money field."""
        return next((one.key for one in fields if one.kind == "money" and self.of in {one.key, one.title}), self.of)


def wanted(field: Mapping[str, Any]) -> Wanted:
    """Read one entry of the form's ``fields``."""
    name = str(field.get("name") or field.get("key") or "")
    hint = str(field.get("hint") or "")
    choices = tuple(str(choice) for choice in field.get("choices") or ())
    return Wanted(
        key=str(field.get("key") or name),
        kind=str(field.get("type") or "text"),
        name=concepts(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)),
        hint=concepts(_EXCEPT.sub(" ", hint[:400])),
        title=name,
        text=f"{name.replace('_', ' ')}: {hint}" if hint else name.replace("_", " "),
        choices=choices,
        of=str(field.get("of") or ""),
    )


def weight(concept: str) -> float:
    """How much a concept tells: little for what the type says anyway, half for the document's own kind."""
    return 0.4 if concept in WEAK else 0.5 if concept in DOCUMENT else 1.0


def likeness(field: Wanted, label: Iterable[str]) -> float:
    """How well a label names a field, 0..1: by the field's name, or by the hint when that fits better."""
    seen = _aligned(field, frozenset(label))
    if not seen or contradicts(field, seen):
        return 0.0
    if seen == {"name"} and field.kind == "text" and "name" in field.all and field.all & ROLES:
        return 0.6
    shared = sum(weight(concept) * (1.0 if concept in field.name else 0.7) for concept in seen & field.all)
    whole = sum(weight(concept) for concept in seen)
    by_name = shared / max(whole + _missing(field.name - seen), 1e-9)
    if not any(weight(concept) >= 0.5 for concept in seen & field.hint):
        return by_name
    common = sum(weight(concept) for concept in seen & field.all)
    by_hint = 0.85 * common / max(whole + _missing(field.hint - seen), 1e-9)
    return max(by_name, by_hint)


def _missing(absent: frozenset[str]) -> float:
    return sum(weight(concept) * (1.1 if weight(concept) == 1.0 else 0.7) for concept in absent)


def _aligned(field: Wanted, seen: frozenset[str]) -> frozenset[str]:
    """The label's concepts in the field's own terms: "dietary" for "diet", "mobile" where a phone is asked for."""
    if field.kind == "phone" and "mobile" not in field.all and "mobile" in seen:
        seen = (seen - {"mobile"}) | {"phone"}
    return frozenset(next((mine for mine in field.all if akin(mine, concept)), concept) for concept in seen)


def akin(one: str, other: str) -> bool:
    """Whether two unknown words are forms of one: equal, or one begins with the other and adds little."""
    if one == other:
        return True
    if one[:1] != "=" or other[:1] != "=":
        return False
    short, long = sorted((one, other), key=len)
    return len(short) > 4 and len(long) - len(short) <= 4 and long.startswith(short)


def contradicts(field: Wanted, seen: frozenset[str]) -> bool:
    """Whether a label says the opposite of the field: net for gross, due for issued."""
    for one, other in OPPOSITE:
        for mine, theirs in ((one, other), (other, one)):
            if mine in field.all and theirs in seen and theirs not in field.all and mine not in seen:
                return True
    return False
