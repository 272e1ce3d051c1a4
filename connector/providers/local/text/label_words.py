"""The words of labels and names of fields, by the concept that they mean, in several languages.

English, German, French, Spanish, Dutch, Polish and Italian; without accents and in lower case, as
``label_matching.normalize`` writes them.
"""

from __future__ import annotations

import re

from connector.providers.local.text.sentences import word_set

CONCEPT_WORDS = {
    "number": (
        "number no nr num nro nummer numero nos ref reference id code identifier referenz "
        "kennung # n° nº idnr ident numer kenmerk volgnummer"
    ),
    "date": "date datum fecha data day tag jour dia dated datum dag dnia giorno",
    "days": "days tage tagen jours dias",
    "hours": "hours hour hrs hr hourly stunden stunde std heures heure horas",
    "reply": "reply replies answer respond antwort antworten repondre reponse",
    "expected": "expected estimated eta expect voraussichtlich prevu prevue",
    "mobile": "mobile mobil handy portable movil cell mob",
    "time": "time uhrzeit zeit hora",
    "issue": (
        "issue issued ausgestellt emission emis emitted emitida created erstellt raised "
        "opened logged uitgifte wystawienia wystawiono emision emissione expedicion"
    ),
    "invoice": (
        "invoice invoices invoiced rechnung facture factura fattura bill billed billing "
        "factuur faktura faktury rechn invoiceno billno"
    ),
    "order": (
        "order ordered bestellung bestell auftrag auftrags commande pedido purchase po "
        "ordering bought placed bestellt commandee bestel bestelling zamowienia "
        "zamowienie ordine encargo"
    ),
    "quote": "quote quotation offer angebot angebots devis presupuesto estimate",
    "customer": (
        "customer client kunde kunden kundin cliente clienta cliente acheteur buyer "
        "purchaser guest payer billto klant klanten koper afnemer nabywca nabywcy klient "
        "klienta comprador"
    ),
    "supplier": (
        "supplier vendor seller lieferant verkaufer fournisseur proveedor merchant shop "
        "store leverancier verkoper sprzedawca sprzedawcy emisor issuer aussteller "
        "emittent vendedor fornitore biller retailer"
    ),
    "company": (
        "company firm organisation organization firma unternehmen societe entreprise "
        "empresa employer business bedrijf firmy entreprise azienda"
    ),
    "total": (
        "total gesamt gesamtbetrag summe totale endbetrag totaal overall altogether grand "
        "totaal razem ogolem suma eindtotaal totaalbedrag"
    ),
    "subtotal": "subtotal zwischensumme soustotal subtotaal tussentotaal",
    "due": (
        "due payable fallig faellig zahlbar echeance vencimiento deadline frist fallig "
        "falligkeit verval vervaldatum vervaldag scadenza betaaltermijn"
    ),
    "payment": (
        "payment pay paid zahlung bezahlung paiement payer pago zahlen betaling betalen "
        "platnosci platnosc pagamento zaplaty"
    ),
    "amount": (
        "amount betrag montant importe sum somme money geld cost costs value worth charge "
        "charges charged fee fees gebuhr frais bedrag kwota wartosc importo kosten "
        "naleznosc"
    ),
    "balance": "balance saldo solde outstanding openstaand",
    "net": (
        "net netto ht excl ex excluding exclusive without ohne zzgl hors sin before nett "
        "exclusief exkl imponibile"
    ),
    "gross": "gross brutto ttc incl inkl including inclusive inclusief",
    "tax": (
        "vat gst tax mwst ust umsatzsteuer mehrwertsteuer tva iva hst taxes steuer btw "
        "podatek podatku sst"
    ),
    "rate": "rate satz taux tasa percentage percent prozent stawka tarief",
    "discount": (
        "discount rabatt skonto remise descuento reduction off nachlass korting rabat sconto"
    ),
    "delivery": (
        "delivery deliver delivered delivering shipping shipment shipped ship lieferung "
        "liefer versand livraison livre livrer envio freight postage porto dispatch "
        "dispatched despatch geliefert zugestellt arrival arrive arrived arrives parcel "
        "levering verzend verzending dostawy dostawa envios consegna bezorg bezorging "
        "leverdatum"
    ),
    "pickup": "pickup collection collect collected abholung retrait",
    "phone": (
        "phone tel telephone telephones telefon ring call telefono joindre telefoon "
        "telefoonnummer telefonnummer tlf komorka"
    ),
    "email": "email mail emails courriel correo e-mail",
    "fax": "fax telefax",
    "address": (
        "address adresse anschrift direccion street strasse adres straat indirizzo domicilio ulica"
    ),
    "website": "website web url link homepage site webseite portfolio",
    "name": "name nom nombre naam full naam nazwa nome navn",
    "person": "person contact kontakt ansprechpartner attn",
    "quantity": (
        "quantity qty anzahl menge quantite qte cantidad pieces stuck pcs units many "
        "aantal ilosc quantita"
    ),
    "price": ("price preis prix precio cost priced einzelpreis einzel prijs cena prezzo stukprijs"),
    "unit": "unit each einheit unite einzel",
    "description": (
        "description item items article artikel bezeichnung beschreibung designation "
        "product produkt produit descripcion goods libelle leistung omschrijving opis "
        "nazwa descrizione concepto towaru"
    ),
    "start": (
        "start starts begin begins from beginn anfang debut inicio departure depart available "
        "earliest"
    ),
    "end": "end ends until till ende fin expiry expires expiration valid bis to latest validity",
    "tracking": (
        "tracking sendungsnummer sendung suivi track trackingnummer consignment waybill awb"
    ),
    "ticket": "ticket case incident vorgang dossier fall",
    "account": "account konto compte cuenta iban accounts rekening rekeningnummer rachunek",
    "bank": "bank iban bic swift sort",
    "tip": "tip gratuity trinkgeld pourboire",
    "refund": (
        "refund refunded erstattung remboursement rembourser reimburse reimbursement reembolso"
    ),
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
    "country": "country land pays pais kraj paese",
    "city": "city town stadt ville ciudad ort plaats miasto citta",
    "postcode": "postcode zip plz postal kod",
    "birth": "birth born geburt geboren naissance geburtsdatum",
    "department": "department dept abteilung team",
    "room": "room zimmer chambre raum",
    "points": "points pts punkte bonuspunkte punten puntos",
    "rounding": "rounding rundung arrondi redondeo afronding",
    "savings": "savings saved ersparnis",
    "effective": "effective commencement",
    "jurisdiction": "jurisdiction governing",
    "people": "people persons person guests guest gaste personen personnes participants "
    "attendees attendee participant teilnehmer teilnehmerin covers",
    "first": (
        "firstname vorname prenom forename voornaam imie first premier premiere erste erster erstes"
    ),
    "last": (
        "lastname surname nachname familienname apellido achternaam "
        "nazwisko last letzte letzter letztes dernier derniere"
    ),
    "new": "new neu neue nouveau nouvelle revised updated",
    "old": "old original originally alt previous earlier formerly ursprunglich",
    "method": "method methode zahlungsart",
    "terms": "terms bedingungen conditions",
    "warranty": "warranty garantie guarantee garantia",
}
_TAX = (
    r"(?:of\s)?(?:\d{1,2}(?:[.,]\d)?\s?%\s?)?"
    r"(?:vat|gst|hst|sst|(?:sales )?tax(?:es)?|mwst|ust|umsatzsteuer|mehrwertsteuer|tva|iva|btw)\b"
)
PHRASES = (
    (
        re.compile(
            r"\b(?:incl|inkl|including|inclusive|inclusief|incluye|incluant|inklusive)\b\.?\s?"
            rf"{_TAX}|\b(?:iva|tva|taxes) (?:incluido|incluida|incluse|comprises?)\b|\bt\.t\.c\."
        ),
        "gross",
    ),
    (
        re.compile(
            r"\b(?:excl|exkl|ex|excluding|exclusive|excluded|exclusief|before|without|ohne|zzgl|plus|"
            rf"hors|sin|senza)\b\.?\s?{_TAX}|\bbase imponible\b|\bpodstawa\b|\bh\.t\."
        ),
        "net",
    ),
    (
        re.compile(
            r"\b(?:net )?(?:à|a|te|zu|do|da) (?:payer|pagar|betalen|zahlen|zapłaty|pagare)\b"
            r"|\btermin płatności\b"
        ),
        "due",
    ),
    (re.compile(r"\bcheck[ -]?in\b"), "start"),
    (re.compile(r"\bcheck[ -]?out\b"), "end"),
    (
        re.compile(
            r"\b(?:bill(?:ed)?|sold|invoiced?|charged) to\b|\brechnung an\b|\bfactur[ée]e? à\b|"
            r"\bfacturar a\b"
        ),
        "customer",
    ),
    (
        re.compile(
            r"\b(?:ship(?:ped)?|deliver(?:ed)?|consigned) to\b|\blieferadresse\b|\blivrer à\b"
        ),
        "recipient",
    ),
    (
        re.compile(
            r"\bpay(?:able)? by\b|\bdue (?:date|by|on)\b|\bzahlbar bis\b|\bà payer avant\b|"
            r"\blast day to pay\b"
        ),
        "due",
    ),
    (re.compile(r"\b(?:sold|issued|billed|supplied|provided) by\b"), "supplier"),
    (re.compile(r"\b(?:hand|cell) ?phone\b|\bmobil(?:nummer|telefon)\b"), "mobile"),
    (re.compile(r"\bsub[ -]?total\b|\bsous[ -]total\b|\bzwischen-?summe\b"), "subtotal"),
)
OPPOSITES = (
    ("net", "gross"),
    ("due", "issue"),
    ("subtotal", "total"),
    ("start", "end"),
    ("old", "new"),
    ("customer", "supplier"),
    ("delivery", "pickup"),
    ("phone", "fax"),
    ("sender", "recipient"),
    ("invoice", "order"),
    ("invoice", "quote"),
    ("order", "quote"),
    ("tax", "discount"),
    ("net", "tax"),
    ("email", "phone"),
    ("first", "last"),
)
# of a label that has "total" too: it is the total of something else
OTHER_TOTALS = word_set(
    "net tax subtotal discount quantity description points rounding savings people"
)
# words that mean two concepts at once: the number under which a business is known for tax
TAX_NUMBERS = word_set("nip nif cif gstin ustid ustidnr vatin abn partitaiva umsatzsteueridnr")
WEAK_CONCEPTS = word_set(
    "number date time amount name rate phone email person payment website price unit description "
    "days first last"
)
ROLE_CONCEPTS = word_set("customer applicant people person sender")
DOCUMENT_CONCEPTS = word_set("invoice order quote issue ticket customer")
STOP_WORDS = word_set(
    "the a an of for to in on at is are was were be been it its our your their his her they we "
    "you i us them who whom what when where which how if or and any as by this that these those "
    "there has have had do does did want wants wanted need needs needed with from they she he "
    "der die das des dem den ein eine einer und oder ist sind war von im am zu zum zur fur mit "
    "bei wie was wer wo le la les l un une du de des et ou est sont a au aux pour par sur ce "
    "cette el los las y o es son en con que qui s t d here please not per pro"
)
