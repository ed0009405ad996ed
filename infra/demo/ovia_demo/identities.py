"""The accounts of a generated organisation as a table with their owners, to judge matching by."""

import csv
import io

from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.model import Account

COLUMNS = ("identity_id", "source", "username", "email", "display_name", "person")


def as_csv(organisation: Organisation) -> str:
    """One row for each account of a person, as its source shows it: an e-mail only where others see it.

    Namesakes who sign alike from a shared mailbox have one row, without an owner. Machines have no rows: matching is
    told of people's accounts only.
    """
    accounts: dict[str, Account] = {}
    owners: dict[str, set[str]] = {}
    for person in organisation.people:
        for one in person.accounts:
            name = f"{one.source}:{one.external_id}"
            accounts[name] = one
            owners.setdefault(name, set()).add(person.id)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name, account in accounts.items():
        writer.writerow(_row(name, account, owners[name].pop() if len(owners[name]) == 1 else ""))
    return text.getvalue()


def _row(name: str, account: Account, person: str) -> tuple[str, ...]:
    email = account.email if account.email_shown else None
    return (name, account.source, account.username or "", email or "", account.name, person)
