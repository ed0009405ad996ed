import csv

from ovia_demo.identities import as_csv
from ovia_demo.organisation import UNTIL, generate


def test_every_account_of_a_person_is_a_row_with_its_owner_and_no_hidden_mailbox() -> None:
    organisation = generate(7, 12, 2, UNTIL)
    rows = list(csv.DictReader(as_csv(organisation).splitlines()))
    owned = {
        (one.source, one.external_id): (person.id, one) for person in organisation.people for one in person.accounts
    }
    assert {(row["person"], row["identity_id"]) for row in rows} == {
        (person, f"{source}:{external_id}") for (source, external_id), (person, _) in owned.items()
    }
    hidden = {f"{one.source}:{one.external_id}" for _, one in owned.values() if one.email and not one.email_shown}
    assert hidden
    assert all(not row["email"] for row in rows if row["identity_id"] in hidden)
