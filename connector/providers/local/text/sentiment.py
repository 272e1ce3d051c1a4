"""Praise or complaint: categories such as positive, negative and neutral, which likeness of topic cannot tell apart.

Words that praise or blame are counted, turned round after a "not", and weighed together with the text's likeness to a
few plain sentences of both kinds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .embed import Encoder
from .labels import plain
from .sentences import word_set

GOOD_NAMES = word_set("positive positiv positif positivo happy satisfied good praise zufrieden gut satisfait contento")
BAD_NAMES = word_set("negative negativ negatif negativo unhappy dissatisfied bad angry unzufrieden schlecht mecontent malo")
NEUTRAL_NAMES = word_set("neutral neutre neutro mixed gemischt mixte mixto neither")

GOOD = word_set(
    "good great love loved loves lovely excellent amazing awesome wonderful fantastic perfect perfectly best happy pleased nice "
    "brilliant superb outstanding impressed recommend recommended helpful friendly kind beautiful delicious enjoy enjoyed thanks "
    "thank glad delighted easy fast reliable solved gut toll super hervorragend perfekt wunderbar zufrieden danke freundlich "
    "empfehlenswert begeistert lecker bon bonne excellent parfait parfaite merci ravi ravie content contente genial bueno buena "
    "excelente perfecto gracias encantado encanta"
)
BAD = word_set(
    "bad terrible awful horrible worst worse poor broken broke hate hated hates disappointed disappointing disappointment useless "
    "rude slow unacceptable annoying annoyed angry fail failed fails failure refund waste wrong dirty cold late never problem "
    "problems unhappy complaint complain defective damaged unreliable scam schlecht furchtbar schrecklich enttauscht kaputt "
    "mangelhaft unfreundlich arger langsam falsch defekt mauvais mauvaise nul nulle decu decue horrible casse lent malo mala "
    "pesimo decepcionado roto lento"
)
TURNED = word_set("not no never nothing hardly isn wasn don didn doesn can cannot nicht kein keine nie pas jamais ni")
PRAISE = ("I am very happy with this and recommend it.", "What a great experience, thank you.")
BLAME = ("I am very disappointed and want to complain.", "What a terrible experience, it does not work.")
LIKENESS = 4.0  # how many words a full point of likeness weighs
CLEAR = 0.35  # a balance nearer to nothing than this is neutral
READ = 4_000
_WORD = re.compile(r"[^\W\d_]{1,30}")


def scale(names: Sequence[str]) -> dict[str, int] | None:
    """Which category is good (1), bad (-1) or neutral (0), when all of them are one of these; else None."""
    kinds = {}
    for name in names:
        word = plain(name.strip())
        kind = 1 if word in GOOD_NAMES else -1 if word in BAD_NAMES else 0 if word in NEUTRAL_NAMES else None
        if kind is None:
            return None
        kinds[name] = kind
    return kinds if {1, -1} <= set(kinds.values()) and len(set(kinds.values())) == len(kinds) else None


def balance(text: str, encoder: Encoder) -> float:
    """Above 0 for praise, below for blame; about one point for each word of the kind."""
    whole = encoder.encode([text[:READ]])[0]
    praise, blame = encoder.remember(PRAISE) @ whole, encoder.remember(BLAME) @ whole
    return word_balance(text) + LIKENESS * float(praise.max() - blame.max())


def word_balance(text: str) -> float:
    """Praising words less blaming ones; one of the three words before can turn a word round."""
    words = _WORD.findall(plain(text[:READ]))
    total = 0.0
    for place, word in enumerate(words):
        value = 1 if word in GOOD else -1 if word in BAD else 0
        if value and TURNED & set(words[max(0, place - 3) : place]):
            value = -value
        total += value
    return total
