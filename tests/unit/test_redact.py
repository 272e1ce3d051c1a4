"""Redacting a text and restoring it: what is found, where it stands, and what comes back."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.engine.engine import Engine, Outcome
from connector.errors import InvalidInput
from connector.providers.base import ModelRequest, Reply
from connector.providers.local.methods.redact import LABELS
from connector.providers.local.text.personal_data import FINDERS, find_personal_data
from connector.providers.local.text.sealed import InvalidSeal, open_seal, seal
from connector.providers.pricing.models import load_models
from connector.settings import Settings

CATALOGUE = load_catalogue()
SECRET = "correct horse battery"


class Forbidden:
    """A provider that may not be asked."""

    engine = "openai"

    def respond(self, request: ModelRequest) -> Reply:
        raise AssertionError(request.action)


ENGINE = Engine(CATALOGUE, Forbidden(), load_models(), Settings())


def run(action: str, form: Mapping[str, Any]) -> Outcome:
    return ENGINE.run(action, form)


def redact(text: str, **form: Any) -> dict[str, Any]:
    outcome = run("redact", {"text": text, **form})
    assert outcome.ok, outcome.error
    return outcome.values


# one value of each kind, in words that name it where it has to be named
VALUES = {
    "names": ("Our contact is Maria Lopez from Bergen.", "Maria Lopez"),
    "emails": ("Write to maria.lopez@example.com today.", "maria.lopez@example.com"),
    "phones": ("Call me at +49 30 901820 please.", "+49 30 901820"),
    "addresses": (
        "Send it to 12 Baker Street, London NW1 6XE today",
        "12 Baker Street, London NW1 6XE",
    ),
    "birthdates": ("She was born on 3 March 1981 in Oslo.", "3 March 1981"),
    "cards": ("Charge 4111 1111 1111 1111 now.", "4111 1111 1111 1111"),
    "ibans": ("Pay to DE89 3704 0044 0532 0130 00 today.", "DE89 3704 0044 0532 0130 00"),
    "ids": ("SSN 536-22-1234 is on file.", "536-22-1234"),
    "ips": ("Blocked 203.0.113.7 at the gate.", "203.0.113.7"),
    "secrets": ("The key is AKIAIOSFODNN7EXAMPLE, keep it.", "AKIAIOSFODNN7EXAMPLE"),
    "urls": ("See https://example.com/a?b=c for more.", "https://example.com/a?b=c"),
}
# numbers with check digits: the same with a digit changed is none
CHECKED = {
    "card": ("cards", "5555555555554444", "5555555555554445"),
    "IBAN": ("ibans", "GB82WEST12345698765432", "GB82WEST12345698765433"),
    "IBAN of another length": ("ibans", "NO9386011117947", "NO93860111179471"),
    "DNI": ("ids", "12345678Z", "12345678A"),
    "NIE": ("ids", "X1234567L", "X1234567A"),
    "codice fiscale": ("ids", "RSSMRA85T10A562S", "RSSMRA85T10A562T"),
    "NIR": ("ids", "185057800608491", "185057800608492"),
    "CPF": ("ids", "529.982.247-25", "529.982.247-26"),
    "German VAT": ("ids", "DE136695976", "DE136695977"),
    "French VAT": ("ids", "FR83404833048", "FR84404833048"),
    "Belgian VAT": ("ids", "BE0411905847", "BE0411905848"),
    "Austrian VAT": ("ids", "ATU13585627", "ATU13585628"),
    "Italian VAT": ("ids", "IT00743110157", "IT00743110158"),
    "Polish VAT": ("ids", "PL8567346215", "PL8567346216"),
}


def test_each_kind_has_a_value_here() -> None:
    """The kinds of the form, of the finders, of the labels and of these tests are the same."""
    kinds = [choice.value for choice in CATALOGUE["redact"].fields["kinds"].choices]
    assert set(kinds) == set(FINDERS) == set(LABELS) == set(VALUES)


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_of_each_kind_is_found_where_it_stands(kind: str) -> None:
    """A span gives exactly the value, counted in characters, also after characters beyond 16
    bits; nothing else of the sentence is replaced."""
    sentence, value = VALUES[kind]
    text = f"\U0001f600 {sentence}"
    answer = redact(text, kinds=kind)
    [span] = answer["spans"]
    assert (span["kind"], text[span["start"] : span["end"]]) == (kind, value)
    assert answer["text_out"] == text.replace(value, span["replacement"])
    assert span["replacement"] == f"[{LABELS[kind]}_1]"


@pytest.mark.parametrize("kind", VALUES)
def test_kinds_that_were_not_asked_for_stay(kind: str) -> None:
    """With other kinds chosen, the value is left."""
    sentence, value = VALUES[kind]
    others = [other for other in VALUES if other != kind]
    assert value in redact(sentence, kinds=others)["text_out"]


@pytest.mark.parametrize("name", CHECKED)
def test_check_digits_decide(name: str) -> None:
    """A number whose check digits fit is replaced; with a wrong digit it is not of this kind."""
    kind, right, wrong = CHECKED[name]
    assert [span.kind for span in find_personal_data(f"No. {right} here", [kind])] == [kind]
    assert find_personal_data(f"No. {wrong} here", [kind]) == []


@pytest.mark.parametrize(
    "text",
    [
        "The invoice of 3 March 2026 is EUR 1,240.50, order 20260303.",
        "May I hope that Will reads the June report on Monday? Mark it as done, Hunter.",
        "Version 1.2.3.4567 of 10:30:45 needs 12 GB.",
        "Sections 4.1 and 12.2; ISO 9001:2015; 50 x 70 x 90 mm; 1/2/2026",
    ],
)
def test_ordinary_numbers_and_words_stay(text: str) -> None:
    """Dates, amounts, versions, measures and words that are also first names are left."""
    assert redact(text)["text_out"] == text


def test_own_words_and_patterns_come_first() -> None:
    """Words of the caller are replaced in any case, patterns by their signs, under their name."""
    answer = redact(
        "ACME ships KD-20417 and kd-1 to Acme.",
        also="acme\ncustomer number = KD-#####",
        mode="label",
    )
    assert answer["text_out"] == "[OTHER_1] ships [CUSTOMER_NUMBER_1] and kd-1 to [OTHER_1]."
    assert redact("Mail info@acme.example", keep="INFO@acme.example")["count"] == 0


def test_a_person_has_one_label() -> None:
    """The same value in another case or spacing has the same label, another value the next."""
    answer = redact("Mail a@b.example, A@B.EXAMPLE and c@d.example. [EMAIL_1] is taken.")
    assert answer["text_out"] == "Mail [EMAIL_2], [EMAIL_2] and [EMAIL_3]. [EMAIL_1] is taken."


def test_pseudonyms_are_the_same_in_every_text() -> None:
    """With the same secret a value has the same label in each text of a batch; with another secret
    it has another one."""
    first, second, other = (
        redact(text, mode="hash", secret=secret)["spans"][0]["replacement"]
        for text, secret in (
            ("Ask ana@example.com.", SECRET),
            ("From ANA@example.com", SECRET),
            ("Ask ana@example.com.", f"{SECRET}!"),
        )
    )
    assert first == second != other


@pytest.mark.parametrize("seed", range(20))
def test_what_was_replaced_comes_back(seed: int) -> None:
    """Restore gives the text back exactly, whatever values and spellings it has."""
    rng = random.Random(seed)
    sentences = [sentence for sentence, _ in VALUES.values()]
    cases: list[Callable[[str], str]] = [str, str.upper, str.lower]
    chosen = [rng.choice(cases)(one) for one in rng.choices(sentences, k=9)]
    text = " \u00e9\U0001f600 ".join(chosen)
    hidden = redact(text, mode="token", secret=SECRET, kinds=list(VALUES))
    assert hidden["count"] and hidden["text_out"] != text
    back = run(
        "restore", {"text": hidden["text_out"], "token": hidden["token"], "secret": SECRET}
    ).values
    assert back["text_out"] == text
    assert (back["restored"], back["unknown"], back["unused"]) == (hidden["count"], [], [])


def test_labels_that_a_model_wrote_anew_are_read() -> None:
    """Markdown escapes, case and blanks do not matter; labels of others stay and are named."""
    token = seal({"[PERSON_0123abcd]": "Ana", "[EMAIL_89abcdef]": "a@b.example"}, SECRET)
    text = r"**\[PERSON\_0123abcd\]**, [person_0123ABCD] [ PERSON_0123abcd ] [CARD_00000000] [1]"
    answer = run("restore", {"text": text, "token": token, "secret": SECRET}).values
    assert answer["text_out"] == "**Ana**, Ana Ana [CARD_00000000] [1]"
    assert (answer["restored"], answer["unknown"]) == (3, ["[CARD_00000000]"])
    assert answer["unused"] == ["[EMAIL_89abcdef]"]


@pytest.mark.parametrize("mode", ["hash", "token"])
@pytest.mark.parametrize("secret", ["", "short"])
def test_a_secret_is_needed(mode: str, secret: str) -> None:
    """A mode that needs a secret is refused without one, and the sentence names the field."""
    outcome = run("redact", {"text": "a@b.example", "mode": mode, "secret": secret})
    assert isinstance(outcome.error, InvalidInput)
    assert [entry.field for entry in outcome.error.errors] == ["secret"]


@pytest.mark.parametrize("change", ["secret", "token", "cut", "other"])
def test_a_token_opens_only_as_it_was_made(change: str) -> None:
    """Another secret, a changed or shortened token and other text are refused, with the field."""
    token = seal({"[PERSON_0123abcd]": "Ana"}, SECRET)
    secret = SECRET
    if change == "secret":
        secret = "another secret"
    elif change == "token":
        token = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
    else:
        token = {"cut": token[:-9], "other": "abc"}[change]
    with pytest.raises(InvalidSeal):
        open_seal(token, secret)
    outcome = run("restore", {"text": "a", "token": token, "secret": secret})
    assert isinstance(outcome.error, InvalidInput)
    assert outcome.error.errors[0].field == "token"
    assert SECRET not in outcome.error.detail


def test_stars_keep_the_form() -> None:
    """A mask has the length of the value, its punctuation, and its last four where that helps."""
    text = "Card 4111-1111-1111-1111 of ana@example.com"
    masked = redact(text, mode="mask")["text_out"]
    assert masked == "Card ****-****-****-1111 of ***@*******.***"
    assert len(masked) == len(text)


def test_no_model_is_asked_and_nothing_is_charged() -> None:
    """With a hosted engine too, the rules answer: no tokens, no cost, and the answer says so."""
    outcome = run("redact", {"text": "a@b.example", "region": "DE"})
    assert (outcome.engine, outcome.model, outcome.cost_usd) == ("local", "rules", 0.0)
    assert outcome.usage.input == outcome.usage.output == 0


def test_blanks_around_a_secret_do_not_count() -> None:
    """A line break that a tool adds to a field changes no secret."""
    hidden = redact("a@b.example", mode="token", secret=f" {SECRET}\n")
    back = run(
        "restore", {"text": hidden["text_out"], "token": f"{hidden['token']}\n", "secret": SECRET}
    )
    assert back.values["text_out"] == "a@b.example"
