"""Text of sources made fit to be shown: without secrets, and without characters that are not seen.

Pure. Nothing here makes text safe to be obeyed: `enclosing` marks it as data for a model, and what a model writes is
checked against what it cites.
"""

import math
import re
from collections import Counter

from ovia_rag.guard.private_keys import MASK, without_keys

# Control characters but for line ends and tabs; what turns the direction of writing; what has no width; tags and
# selectors, in which whole texts can be hidden; halves of characters.
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029\u0085]")

# Three full lines of base64 in a row are the inside of a key or of a certificate.
_BLOCKS = re.compile(r"(?:^[ \t]*[A-Za-z0-9+/]{60,76}={0,2}[ \t]*\n){2,}[ \t]*[A-Za-z0-9+/]{16,76}={0,2}", re.MULTILINE)
_MAKES = (
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
    r"gh[pousr]_[A-Za-z0-9]{30,}",
    r"github_pat_[A-Za-z0-9_]{22,}",
    r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas)-[\w.\-]{16,}",
    r"glsa_[A-Za-z0-9_]{20,}",
    r"xox[abeoprs](?:-[A-Za-z0-9]+){2,}",
    r"xapp-(?:[A-Za-z0-9]+-){2,}[A-Za-z0-9]+",
    r"AIza[\w\-]{35}",
    r"ya29\.[\w\-]{20,}",
    r"GOCSPX-[\w\-]{20,}",
    r"[srp]k_(?:live|test)_[A-Za-z0-9]{16,}",
    r"whsec_[A-Za-z0-9+/=]{20,}",
    r"sk-(?=[A-Za-z0-9_\-]{0,200}\d)[A-Za-z0-9_\-]{20,}",
    r"ATATT3[\w=\-]{20,}",
    r"ATCTT3[\w=\-]{20,}",
    r"npm_[A-Za-z0-9]{30,}",
    r"pypi-[\w\-]{40,}",
    r"SG\.[\w\-]{16,}\.[\w\-]{16,}",
    r"SK[0-9a-f]{32}",
    r"\d{8,10}:AA[\w\-]{32,}",
    r"do[opr]_v1_[a-f0-9]{64}",
    r"hf_[A-Za-z0-9]{30,}",
    r"hv[sbr]\.[\w\-]{20,}",
    r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    r"dckr_pat_[\w\-]{20,}",
    r"dapi[a-f0-9]{32}",
    r"sntry[su]_[\w=+/\-]{20,}",
    r"lin_api_[A-Za-z0-9]{30,}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{50,}",
    r"ovia_[a-z2-7]{40,}_[a-z2-7]{40,}",
    r"eyJ[\w\-]{8,}\.eyJ[\w\-]{8,}\.[\w\-]{8,}",
)
_TOKENS = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_MAKES)})(?![A-Za-z0-9])")
_HOOKS = re.compile(r"(?<=hooks\.slack\.com/services/)[\w/]{20,}|(?<=/api/webhooks/)\d{10,}/[\w\-]{20,}")
_URL_PASSWORD = re.compile(r"(?P<head>\b[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://[^\s/:@\"'<>]{0,200}:)[^\s/\"'<>]{1,500}(?=@)")
_HEADER = re.compile(
    r"(?P<head>\b(?:proxy-)?authorization\s{0,5}[:=]\s{0,5}[\"']?(?:bearer|basic|token|digest|negotiate|apikey)\s{1,5}"
    r"|\bbearer\s{1,5})(?P<value>[A-Za-z0-9+/_.=~\-]{12,})",
    re.IGNORECASE,
)
_CALLED = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[_\- ]?key|access[_\- ]?key|private[_\- ]?key|auth[_\- ]?key"
    r"|encryption[_\- ]?key|signing[_\- ]?key|client[_\- ]?secret|credentials?|signature|sig"
    r"|парол[ьея]|токен|секрет(?:ный ключ)?|ключ(?: доступа)?)"
)
_ASSIGNED = re.compile(
    # At the beginning of a word, or of a hump: password, db_password, dbPassword, but not compass.
    rf"(?P<head>(?:(?<![^\W\d_])|(?-i:(?<=[a-z])(?=[A-Z]))){_CALLED}(?:[_\-](?:id|base64|value|prod|dev|test))?"
    r"[\"'`]?(?P<sign>\s{0,3}(?:=>|:=|=(?!=)|:|\s(?:is|это)\s)\s{0,3}))"
    r"(?:(?P<quote>[\"'`])(?P<quoted>[^\"'`\n]{4,500})(?P=quote)"
    r"|(?P<bare>[^\s\"'`,;&<>()\[\]{}]{4,500})(?![\w.]*[(\[]))",
    re.IGNORECASE,
)
# What stands where a secret would, and is none.
_PLACEHOLDER = re.compile(
    r"\$|%[A-Za-z(]|\{\{|<|\*{2,}|x{4,}|\.{3}|(?:none|null|true|false|undefined|redacted|changeme|example|string|str|your)"
    r"(?![a-z0-9])|(?:os\.|env|process\.|secrets?\.|vault|settings\.|config\.|self\.|ref:)",
    re.IGNORECASE,
)
# A name in code, of which there is nothing to hide: page.next_token, signatures.NONE.
_NAMED = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+[.,;:]?")


def clean(text: str) -> str:
    """The text without unseen characters and with `***` in the place of secrets. Cleaning twice changes nothing."""
    return mask(visible(text))


def visible(text: str) -> str:
    """The text without characters that are not seen or that turn its direction; line ends are newlines."""
    return _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))


def mask(text: str) -> str:
    """The text with `***` in the place of what looks like a secret: rather one too many than one too few."""
    text = without_keys(text)
    text = _BLOCKS.sub(MASK, text)
    text = _URL_PASSWORD.sub(rf"\g<head>{MASK}", text)
    text = _HOOKS.sub(MASK, text)
    text = _TOKENS.sub(MASK, text)
    text = _HEADER.sub(rf"\g<head>{MASK}", text)
    return _ASSIGNED.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    quote = found["quote"] or ""
    value = found["quoted"] if quote else found["bare"]
    if _PLACEHOLDER.match(value) or not _is_secret(value, found["sign"], quoted=bool(quote)):
        return found[0]
    return f"{found['head']}{quote}{MASK}{quote}"


def _is_secret(value: str, sign: str, *, quoted: bool) -> bool:
    word = value.rstrip(".!?:")
    if " " in word or _NAMED.fullmatch(word):
        return False
    letters = sum(one.isalpha() or one == "_" for one in word)
    digits = sum(map(str.isdigit, word))
    if digits == len(word):
        # A limit or a length, unless it is long.
        return digits >= 6
    if sign == "=" or (quoted and "=" in sign):
        return True
    # In prose a colon introduces words, and in code names stand on both sides: only what no word looks like counts.
    odd = len(word) - letters - digits
    if digits and letters:
        return True
    return (odd > 0 and (quoted or len(word) >= 8)) or _entropy(word) >= (3.0 if quoted else 4.0)


def _entropy(word: str) -> float:
    """Bits to a character."""
    counts = Counter(word)
    return -sum(n / len(word) * math.log2(n / len(word)) for n in counts.values()) if word else 0.0
