"""The languages that are recognised, by their codes (ISO 639-1), and the scripts they use."""

from __future__ import annotations

_NAMES = (
    "af:Afrikaans am:Amharic an:Aragonese ar:Arabic as:Assamese az:Azerbaijani be:Belarusian "
    "bg:Bulgarian bn:Bengali br:Breton bs:Bosnian ca:Catalan cs:Czech cy:Welsh da:Danish "
    "de:German dz:Dzongkha el:Greek en:English eo:Esperanto es:Spanish et:Estonian eu:Basque "
    "fa:Persian fi:Finnish fo:Faroese fr:French ga:Irish gl:Galician gu:Gujarati he:Hebrew "
    "hi:Hindi hr:Croatian ht:Haitian_Creole hu:Hungarian hy:Armenian id:Indonesian "
    "is:Icelandic it:Italian ja:Japanese jv:Javanese ka:Georgian kk:Kazakh km:Khmer "
    "kn:Kannada ko:Korean ku:Kurdish ky:Kyrgyz la:Latin lb:Luxembourgish lo:Lao lt:Lithuanian "
    "lv:Latvian mg:Malagasy mk:Macedonian ml:Malayalam mn:Mongolian mr:Marathi ms:Malay "
    "mt:Maltese my:Burmese nb:Norwegian_Bokmål ne:Nepali nl:Dutch nn:Norwegian_Nynorsk "
    "no:Norwegian oc:Occitan or:Odia pa:Punjabi pl:Polish ps:Pashto pt:Portuguese qu:Quechua "
    "ro:Romanian ru:Russian rw:Kinyarwanda se:Northern_Sami si:Sinhala sk:Slovak sl:Slovenian "
    "sq:Albanian sr:Serbian sv:Swedish sw:Swahili ta:Tamil te:Telugu th:Thai tl:Tagalog "
    "tr:Turkish ug:Uyghur uk:Ukrainian ur:Urdu vi:Vietnamese vo:Volapük wa:Walloon xh:Xhosa "
    "zh:Chinese zu:Zulu"
)
LANGUAGES: dict[str, str] = {entry[:2]: entry[3:].replace("_", " ") for entry in _NAMES.split()}
# the first word of the Unicode names of a script's letters, and the languages written with it
SCRIPTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "CYRILLIC": ("Cyrillic", ("be", "bg", "kk", "ky", "mk", "mn", "ru", "sr", "uk")),
    "ARABIC": ("Arabic", ("ar", "fa", "ps", "ug", "ur", "ku")),
    "DEVANAGARI": ("Devanagari", ("hi", "mr", "ne")),
    "BENGALI": ("Bengali", ("bn", "as")),
    "HEBREW": ("Hebrew", ("he",)),
    "GREEK": ("Greek", ("el",)),
    "ARMENIAN": ("Armenian", ("hy",)),
    "GEORGIAN": ("Georgian", ("ka",)),
    "HANGUL": ("Hangul", ("ko",)),
    "HIRAGANA": ("Japanese", ("ja",)),
    "KATAKANA": ("Japanese", ("ja",)),
    "CJK": ("Han", ("zh",)),
    "THAI": ("Thai", ("th",)),
    "LAO": ("Lao", ("lo",)),
    "KHMER": ("Khmer", ("km",)),
    "MYANMAR": ("Burmese", ("my",)),
    "TAMIL": ("Tamil", ("ta",)),
    "TELUGU": ("Telugu", ("te",)),
    "KANNADA": ("Kannada", ("kn",)),
    "MALAYALAM": ("Malayalam", ("ml",)),
    "GUJARATI": ("Gujarati", ("gu",)),
    "GURMUKHI": ("Gurmukhi", ("pa",)),
    "ORIYA": ("Odia", ("or",)),
    "SINHALA": ("Sinhala", ("si",)),
    "ETHIOPIC": ("Ethiopic", ("am",)),
    "TIBETAN": ("Tibetan", ("dz",)),
}
_OTHERS = {code for _, codes in SCRIPTS.values() for code in codes} - {"ku", "sr"}
SCRIPTS["LATIN"] = ("Latin", tuple(code for code in LANGUAGES if code not in _OTHERS))
