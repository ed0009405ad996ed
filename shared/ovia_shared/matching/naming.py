"""What a person is called who was made from accounts."""

from collections import Counter
from collections.abc import Iterable, Sequence

from ovia_shared.matching.mail import read_mailbox
from ovia_shared.matching.names import read_name
from ovia_shared.models.identity import Account


def best_name(accounts: Sequence[Account]) -> str:
    """The full name that most accounts carry; without one, whatever they show."""
    full = [account.display_name for account in accounts if read_name(account.display_name).full]
    shown = full or [account.display_name for account in accounts if read_name(account.display_name).words]
    logins = [account.username for account in accounts]
    mails = [account.email for account in accounts]
    return _most_common(shown) or _most_common(logins) or _most_common(mails) or "unnamed"


def best_email(accounts: Sequence[Account]) -> str | None:
    """The mailbox of their own that most accounts write from."""
    shown = [(account.email or "").lower() for account in accounts]
    return _most_common(email for email in shown if read_mailbox(email).address) or _most_common(shown)


def _most_common(values: Iterable[str | None]) -> str | None:
    counts = Counter(value.strip() for value in values if value and value.strip())
    return min(counts, key=lambda value: (-counts[value], -len(value), value)) if counts else None
