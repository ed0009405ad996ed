"""Who and when: the line `Name <mail> seconds zone` of a commit."""

from datetime import UTC, datetime

import msgspec

# A longer number is far beyond the year 9999 in any case.
MAX_DIGITS = 18
MAX_OFFSET_MINUTES = 24 * 60


class Signature(msgspec.Struct, frozen=True, gc=False):
    """A person as a commit names them, and the moment.

    `name` and `email` are as written, without surrounding blanks; either may be empty. `time` is in UTC, None
    where `raw_time` is no date or one outside the years 1 to 9999. `offset_minutes` is east of UTC, None
    where the zone is no zone. `raw_time` is everything after the e-mail.
    """

    name: str
    email: str
    time: datetime | None = None
    offset_minutes: int | None = None
    raw_time: str = ""


ABSENT = Signature("", "")


def parse_signature(text: str) -> Signature:
    """Reads a signature of any shape; what is missing stays empty. Pure, never fails.

    Everything up to the last `>` is the person, and the last `<` before it opens the e-mail: a name that
    contains angle brackets loses nothing.
    """
    closing = text.rfind(">")
    if closing < 0:
        return _without_brackets(text)
    opening = text.rfind("<", 0, closing)
    if opening < 0:
        # `Name mail> date`: where the mail begins was never said.
        name, email = text[:closing], ""
    else:
        name, email = text[:opening], text[opening + 1 : closing]
        if email[-1:] == ">" or name[-1:] == "<":
            # `<<mail>>`, as some clients write it.
            name, email = name.rstrip("< "), email.rstrip("> ")
    raw_time = text[closing + 1 :].strip()
    stamp, _, zone = raw_time.partition(" ")
    return Signature(name.strip(), email.strip(), _moment(stamp), _offset(zone), raw_time)


def _without_brackets(text: str) -> Signature:
    words = text.split()
    if len(words) >= 2 and _offset(words[-1]) is not None and _moment(words[-2]) is not None:
        name = " ".join(words[:-2])
        return Signature(name, "", _moment(words[-2]), _offset(words[-1]), " ".join(words[-2:]))
    return Signature(text.strip(), "")


def _moment(stamp: str) -> datetime | None:
    digits = stamp[1:] if stamp[:1] == "-" else stamp
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS):
        return None
    try:
        return datetime.fromtimestamp(int(stamp), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _offset(zone: str) -> int | None:
    digits = zone[1:]
    if zone[:1] not in {"+", "-"} or not (digits.isascii() and digits.isdigit() and len(digits) <= 4):
        return None
    # `-700` means `-0700`, as git reads it.
    hours, minutes = divmod(int(digits), 100)
    east = hours * 60 + minutes
    if minutes >= 60 or east >= MAX_OFFSET_MINUTES:
        return None
    return -east if zone[0] == "-" else east
