"""Names in English and Russian text: what is written large, keys such as GLD-12, and words of code."""

# ruff: noqa: RUF001 (Cyrillic letters are meant)
import re

# What can be a part of a name or of a key, in one piece: GLD-12, v1.2.3, app.py, 10:30, !7, snake_case.
_TOKEN = re.compile(r"[#!@]?\w+(?:['’]\w+)*(?:[.\-/:_]\w+)*")
_FILE = re.compile(r"[^\W\d_]{2,}(?:[.\-/_][^\W\d_]+)*\.[a-z]{2,5}")
_PARTS = re.compile(r"[^\W_]+(?:['’]\w+)*")
_SENTENCE_ENDS = re.compile(r"(?:[.!?:;…»”\")]\s+|[«“\"(\[—–-]\s*|\n)\s*$")

# Words that begin sentences and are no names.
_COMMON_WORDS = """
a about above according across after again against all almost alone along already also although among an and another
any anyone anything are as at back based be because been before being below beside besides best better between both
but by can change changes compared could currently data despite did do does done due during each earlier either
every everyone everything except few finally first for from further given had has have he her here hers his how
however if in inside instead into is it its itself just last lately later least less like list many may maybe me
meanwhile might more moreover most much must my near nearly neither never next no nobody none nor not note nothing
now of off often on once one only onto open or other others otherwise our out over overall part per perhaps please
since so some somebody someone something sometimes soon still such than that the their them then there therefore
these they this those though through throughout thus to today together too toward towards under unless until up upon
us use used using very via was we well were what whatever when where whereas whether which while who whole whom
whose why will with within without work would yes yesterday yet you your
а без более больше будет будут был была были было в вам вас вместе вместо во вот все всего всё вы где да даже данные
для до его ее если есть еще ещё её же за затем здесь и из или им иначе их к каждая каждое каждый как какая какие
какой когда кроме кто ли лишь между меньше мы на над надо например нас не нет ни них но ну о об обычно однако он она
они оно от очень по под пока поскольку после потом потому почему поэтому при причина про раз с сегодня сейчас
сначала со согласно среди так такая также такие такой там те тем теперь то тогда того тоже только том тот у уже хотя
чем через что чтобы эта эти это этот я
"""
_COMMON = frozenset(_COMMON_WORDS.split())
# Of cases, but not of families: "ов" ends Smirnov as well as a genitive. Longest first.
_ENDS = (
    "иями ями ами ого его ему ому ыми ими иях ией ах ях ей ой ый ий ая яя ое ее ые ие ым им ом ем "
    "ём ую юю ою ею ам ям ия ью а я о е у ю ы и ь й ии ием ию"
)
_RUSSIAN_ENDS = tuple(sorted(_ENDS.split(), key=len, reverse=True))
_SHORTEST_STEM = 3


def names(text: str) -> frozenset[str]:
    """The names in a sentence, each in the form by which it is compared."""
    found: set[str] = set()
    first = len(text) - len(text.lstrip())
    for token in _TOKEN.finditer(text):
        word = token[0]
        if _is_key(word):
            found.add(_folded(word))
            continue
        start = token.start()
        begins = start <= first or _SENTENCE_ENDS.search(text[max(start - 4, 0) : start]) is not None
        for at, part in enumerate(_PARTS.findall(word)):
            if _is_name(part, begins=begins and at == 0):
                found.add(stem(part))
    return frozenset(found)


def words(text: str) -> frozenset[str]:
    """All words and keys of a text, in the form by which names are compared."""
    found: set[str] = set()
    for token in _TOKEN.findall(text):
        found.add(_folded(token))
        found |= {stem(part) for part in _PARTS.findall(token)}
    return frozenset(found)


def common(text: str) -> frozenset[str]:
    """The words of a text that begin sentences and name nothing."""
    return frozenset(stem(part) for part in _PARTS.findall(text) if part.casefold() in _COMMON)


def stem(word: str) -> str:
    """Without its case, and in Russian without its ending; English plurals and possessives lose theirs."""
    word = word.casefold().replace("ё", "е").replace("’", "'").removesuffix("'s")
    if word[:1] > "z":
        for end in _RUSSIAN_ENDS:
            if word.endswith(end) and len(word) - len(end) >= _SHORTEST_STEM:
                return word.removesuffix(end)
        return word
    return word.removesuffix("s") if len(word) > _SHORTEST_STEM and not word.endswith("ss") else word


def _is_key(word: str) -> bool:
    digits = any(map(str.isdigit, word))
    letters = any(map(str.isalpha, word))
    if _FILE.fullmatch(word):
        return True
    return (digits and (letters or word[0] in "#!@" or any(one in ".-/:_" for one in word))) or "_" in word.strip("_")


def _is_name(part: str, *, begins: bool) -> bool:
    if not part[0].isupper() or part == "I":
        return False
    # Anything is written large where a sentence begins, but nothing common there is a name.
    return not (begins and part.casefold() in _COMMON) and not (begins and len(part) == 1)


def _folded(token: str) -> str:
    return token.casefold().lstrip("@")
