"""Names of people, invented from common given and family names, and how they are spelt in Latin letters."""

# ruff: noqa: RUF001 (Cyrillic letters are meant)

import unicodedata
from random import Random

# Per origin: women's given names, men's given names, pairs of family names (a woman's, a man's).
ORIGINS: tuple[tuple[str, str, str], ...] = (
    (
        "Anna Greta Jördis Käthe Liesel Mechthild Annika Swantje",
        "Jürgen Björn Götz Friedrich Konrad Matthias Ruprecht Sönke",
        "Müllerin/Müllerin Großkopf/Großkopf Löwenzahn/Löwenzahn Brückner/Brückner Kästle/Kästle Ahlhorn/Ahlhorn",
    ),
    (
        "Анна Ольга Светлана Наталья Екатерина Юлия Ксения Дарья",
        "Александр Дмитрий Сергей Фёдор Павел Илья Артём Юрий",
        "Щукина/Щукин Ёлкина/Ёлкин Жаворонкова/Жаворонков Цветкова/Цветков Белозёрова/Белозёров Чайкина/Чайкин "
        "Парамонова/Парамонов Стрижова/Стрижов",
    ),
    (
        "Małgorzata Agnieszka Łucja Bożena Żaneta Zofia",
        "Łukasz Paweł Grzegorz Michał Świętosław Jędrzej",
        "Wiśniowska/Wiśniowski Żurawska/Żurawski Gołębiewska/Gołębiewski Ślązak/Ślązak Dąbek/Dąbek",
    ),
    (
        "Zuzana Štěpánka Markéta Žofie Kateřina",
        "Jiří Ondřej Tomáš Luděk Řehoř",
        "Dvořáčková/Dvořáček Křepelková/Křepelka Šťastná/Šťastný Ježková/Ježek",
    ),
    (
        "Hélène Clémence Noémie Anaïs Françoise",
        "François Loïc Jérôme Étienne Benoît",
        "Lefèbvrier/Lefèbvrier Châtaignier/Châtaignier Bélanger-Roy/Bélanger-Roy Delacôte/Delacôte",
    ),
    (
        "Íñiga Begoña Inés Ángela Lucía",
        "José Ángel Iñaki Andrés Martín",
        "Peñalosa/Peñalosa Núñez-Vega/Núñez-Vega Ibáñez/Ibáñez Carreño/Carreño",
    ),
    (
        "Ayşe Gülşen Çiğdem İpek",
        "Ömer Çağrı Barış Şahin",
        "Yıldıztepe/Yıldıztepe Kuşçu/Kuşçu Göktaş/Göktaş Işıkgöl/Işıkgöl",
    ),
    (
        "Åse Sølvi Ingrid Maja",
        "Øyvind Håkon Søren Åke",
        "Fjærholm/Fjærholm Sjöberget/Sjöberget Ørnsted/Ørnsted Ångvik/Ångvik",
    ),
)

# Those who marry, where chance gave no woman.
BRIDES = (("Anna", "Löwenzahn"), ("Светлана", "Щукина"), ("Zuzana", "Křepelková"))

NICKNAMES = {
    "Александр": "sasha",
    "Дмитрий": "dima",
    "Сергей": "serge",
    "Наталья": "nata",
    "Екатерина": "katya",
    "Małgorzata": "gosia",
    "Agnieszka": "aga",
    "Friedrich": "fritz",
    "Matthias": "matze",
    "François": "franky",
    "José": "pepe",
    "Konrad": "konni",
    "Zuzana": "zuzka",
}

_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip
_LATIN = {
    "ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "ı": "i", "đ": "d",
    "ä": "ae", "ö": "oe", "ü": "ue", "å": "a",
}  # fmt: skip


def person_name(rng: Random) -> tuple[str, str, bool]:
    """Given name, family name, and whether it is a woman's."""
    women, men, families = ORIGINS[rng.choices(range(len(ORIGINS)), (5, 6, 3, 2, 2, 2, 2, 2))[0]]
    woman = rng.random() < 0.45
    given = rng.choice((women if woman else men).split())
    family = rng.choice(families.split()).split("/")[0 if woman else 1]
    return given, family, woman


def another_family(rng: Random, family: str) -> str:
    """A woman's family name of the same origin that is not this one."""
    for _, _, families in ORIGINS:
        women = [pair.split("/")[0] for pair in families.split()]
        if family in women:
            return rng.choice([one for one in women if one != family])
    return family


def latin(text: str) -> str:
    """As in a mail address: `Щукин` is `shchukin`, `Löwenzahn` is `loewenzahn`. Lower case, letters and hyphens."""
    spelt = "".join(_CYRILLIC.get(one, _LATIN.get(one, one)) for one in unicodedata.normalize("NFC", text.lower()))
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    return "".join(one for one in plain if one.isalnum() or one == "-")


def romanised(text: str) -> str:
    """The same spelling with capitals, for people who sign commits in Latin letters."""
    return "-".join(part.capitalize() for part in latin(text).split("-"))
