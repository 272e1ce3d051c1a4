"""Detecting a language: by script and by words, where it changes, and when it is unclear."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.engine.engine import Engine
from connector.providers.computed import ComputedProvider
from connector.providers.local.text import identify as module
from connector.providers.local.text.language_names import LANGUAGES, SCRIPTS
from connector.providers.pricing.models import load_models
from connector.settings import Settings

pytest.importorskip("py3langid")
ENGINE = Engine(load_catalogue(), ComputedProvider(), load_models(), Settings())

SENTENCES = {
    "en": "The parcel has not arrived yet, could you please have a look?",
    "de": "Das Paket ist noch nicht angekommen, können Sie bitte nachsehen?",
    "fr": "Le colis n'est pas encore arrivé, pourriez-vous vérifier s'il vous plaît ?",
    "es": "El paquete todavía no ha llegado, ¿podrían revisarlo por favor?",
    "it": "Il pacco non è ancora arrivato, potreste controllare per favore?",
    "pt": "A encomenda ainda não chegou, poderiam verificar por favor?",
    "nl": "Het pakket is nog niet aangekomen, kunt u dit alstublieft nakijken?",
    "sv": "Paketet har inte kommit fram än, skulle ni kunna titta på det?",
    "pl": "Paczka jeszcze nie dotarła, czy mogliby Państwo to sprawdzić?",
    "cs": "Balík ještě nedorazil, mohli byste to prosím zkontrolovat?",
    "tr": "Paket henüz ulaşmadı, lütfen kontrol eder misiniz?",
    "fi": "Paketti ei ole vielä saapunut, voisitteko tarkistaa asian?",
    "hu": "A csomag még nem érkezett meg, meg tudnák nézni kérem?",
    "ru": "Посылка ещё не пришла, не могли бы вы проверить?",
    "uk": "Посилка ще не прийшла, чи могли б ви перевірити це?",
    "el": "Το δέμα δεν έχει φτάσει ακόμα, μπορείτε να το ελέγξετε;",
    "ar": "لم يصل الطرد بعد، هل يمكنكم التحقق من ذلك من فضلكم؟",
    "he": "החבילה עדיין לא הגיעה, האם תוכלו לבדוק בבקשה?",
    "hi": "पार्सल अभी तक नहीं पहुँचा है, क्या आप कृपया जाँच कर सकते हैं?",
    "th": "พัสดุยังไม่มาถึง กรุณาตรวจสอบให้หน่อยได้ไหม",
    "ko": "소포가 아직 도착하지 않았습니다. 확인해 주시겠어요?",
    "ja": "荷物がまだ届いていません。確認していただけますか。",
    "zh": "包裹还没有到，请帮我查一下好吗？",
}
OF_ONE_LANGUAGE = [codes[0] for _, codes in SCRIPTS.values() if len(codes) == 1]


def detect(text: str) -> dict[str, Any]:
    outcome = ENGINE.run("detect_language", {"text": text})
    assert outcome.ok, outcome.error
    return outcome.values


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_in_each_language(code: str) -> None:
    """The language of a sentence is named, with its code and its letters; capitals, addresses and
    numbers do not change it."""
    answer = detect(SENTENCES[code])
    assert (answer["language_code"], answer["language"]) == (code, LANGUAGES[code])
    assert not answer["mixed"] and answer["parts"] == []
    assert answer["languages"] == [LANGUAGES[code]]
    assert code in dict(SCRIPTS.values())[answer["script"]]
    noisy = f"{SENTENCES[code]} https://example.com/the-page info@example.com 12345"
    assert detect(noisy)["language_code"] == code


@pytest.mark.parametrize("text", ["12345", "!!! ???", "ok", "Maria", "DHL 4471", "a@b.example"])
def test_what_is_in_no_language(text: str) -> None:
    """Numbers, names and single words are in no language: null, and nothing is guessed."""
    answer = detect(text)
    assert (answer["language"], answer["language_code"], answer["languages"]) == (None, None, [])
    assert answer["sureness"] < 0.75


def test_where_the_language_changes() -> None:
    """Each stretch in one language is given with its place; neighbours in one language are one."""
    texts = [SENTENCES[code] for code in ("de", "en", "en", "ru")]
    text = "\n".join(texts)
    answer = detect(text)
    assert answer["mixed"]
    assert set(answer["languages"]) == {"English", "German", "Russian"}
    parts = answer["parts"]
    assert [(part["language_code"], text[part["start"] : part["end"]]) for part in parts] == [
        ("de", texts[0]),
        ("en", "\n".join(texts[1:3])),
        ("ru", texts[3]),
    ]


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters of one language are recognised without the package; for others the sentence names
    what to install."""
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    module._identifier.cache_clear()
    try:
        for code in OF_ONE_LANGUAGE:
            if code in SENTENCES:
                assert module.identify(SENTENCES[code]) == (code, 1.0)
        outcome = ENGINE.run("detect_language", {"text": SENTENCES["de"]})
    finally:
        module._identifier.cache_clear()
    assert outcome.error is not None and outcome.error.code == "needs_model"
    assert "formcall[local]" in outcome.error.detail


def test_every_language_has_a_script() -> None:
    """Each language that may be named is written in one of the scripts that are known."""
    assert {code for _, codes in SCRIPTS.values() for code in codes} == set(LANGUAGES)
