"""Short forms of given names: English ones from the `nicknames` package, Russian and German ones from here."""

from functools import cache

from nicknames import name_triplets

# Given name: its usual short forms, both in Latin letters as anyascii writes them.
_OTHERS = {
    "aleksandr": "sasha alex alexander alexandr shura sanya",
    "aleksandra": "sasha alexandra shura",
    "aleksei": "alex alexey alexei aleksey lyosha lesha",
    "anastasiya": "nastya anastasia",
    "andrei": "andrey andrew",
    "anna": "anya",
    "boris": "borya",
    "denis": "den",
    "dmitrii": "dima dmitry dmitri dmitriy mitya",
    "ekaterina": "katya kate katerina catherine",
    "elena": "lena helen yelena alena",
    "evgenii": "zhenya evgeny eugene yevgeny evgeniy jenya",
    "evgeniya": "zhenya evgenia eugenia",
    "georgii": "gosha zhora georgy georgiy george",
    "grigorii": "grisha grigory grigoriy gregory",
    "ilya": "ilia ilyusha",
    "ivan": "vanya",
    "konstantin": "kostya constantine",
    "kseniya": "ksyusha ksenia xenia",
    "lyudmila": "lyuda mila ludmila",
    "maksim": "max maxim",
    "mariya": "masha maria mary",
    "mikhail": "misha michael mike",
    "nadezhda": "nadya",
    "natalya": "natasha natalia nataliya",
    "nikita": "nik",
    "nikolai": "kolya nikolay nicholas nick",
    "oksana": "ksana",
    "olga": "olya",
    "pavel": "pasha paul",
    "pyotr": "petya petr peter",
    "roman": "roma",
    "sergei": "seryozha sergey serge serezha",
    "stanislav": "stas slava",
    "svetlana": "sveta lana",
    "tatyana": "tanya tatiana",
    "vadim": "vadik",
    "valentina": "valya",
    "vasilii": "vasya vasily vasiliy basil",
    "viktor": "vitya victor",
    "viktoriya": "vika victoria",
    "vladimir": "volodya vova vlad",
    "vladislav": "vlad slava",
    "vyacheslav": "slava viacheslav",
    "yaroslav": "slava yarik jaroslav",
    "yuliya": "yulya julia yulia",
    "yurii": "yura yuri yury yuriy",
    "johannes": "hannes johan hans jo",
    "sebastian": "basti seb bastian",
    "maximilian": "max maxi",
    "friedrich": "fritz fred",
    "heinrich": "heiner heinz",
    "josef": "sepp jupp",
    "matthias": "matze matt",
    "tobias": "tobi",
    "stefan": "steffen steve",
    "jozef": "jozek",
    "krzysztof": "krzys chris kris",
    "malgorzata": "gosia",
    "katarzyna": "kasia",
    "tomasz": "tomek tom",
    "francisco": "paco fran pancho",
    "jose": "pepe",
    "guillaume": "gui",
    "giovanni": "gianni",
    "giuseppe": "beppe peppe",
}


@cache
def _forms() -> dict[str, frozenset[str]]:
    """Each name, and every name it is the full or the short form of."""
    found: dict[str, set[str]] = {}
    pairs = [(one.name1, one.name2) for one in name_triplets()]
    pairs += [(full, short) for full, forms in _OTHERS.items() for short in forms.split()]
    for full, short in pairs:
        found.setdefault(full, set()).add(short)
        found.setdefault(short, set()).add(full)
    return {name: frozenset(others) for name, others in found.items()}


def are_nicknames(one: str, other: str) -> bool:
    """Whether two different given names in Latin letters may be one person's: a form of one another, or of one name."""
    forms = _forms()
    mine, theirs = forms.get(one, frozenset()), forms.get(other, frozenset())
    # Through a common full name ("dima", "dmitry"), which two common names such as "alex" rarely are by chance.
    return other in mine or bool(mine & theirs & _OTHERS.keys())
