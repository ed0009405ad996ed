"""What a rule saw, in a sentence for the reviewer."""

from ovia_shared.matching.profile import address_in, as_handle, read_profile
from ovia_shared.models.identity import Account

# {a} and {b} are the names, {mail} and {login} what is shared, {domain} where both write from.
_SENTENCES = {
    "prior": "any two accounts that share something to be found by",
    "same_mailbox": "both write from {mail}",
    "same_host_account": "both have the number {number} on the code host",
    "same_login": "both are known as {login}",
    "common_login": "both are known as {login}, which is also a common name",
    "login_is_name": "the login {login} is the whole name",
    "login_is_short_form": "the login {login} is a usual short form of the name",
    "short_login": "the login {login} is short",
    "long_login": "the login {login} is long, so hardly shared by chance",
    "same_login_stem": "the logins differ in the number at the end only",
    "login_stem_is_name": "the login is the whole name and a number",
    "same_last_name_and_initial": "same last name and first initial",
    "same_domain": "both write from {domain}",
    "same_rare_word": "the names share a word that few names have",
    "names_equal": "the names are the same: {a} and {b}",
    "names_subset": "one name is the other without a part: {a} and {b}",
    "names_initials": "the names agree where one has initials: {a} and {b}",
    "names_nickname": "the first names are forms of one name: {a} and {b}",
    "names_typo": "the names differ by a slip of the pen: {a} and {b}",
    "names_same_last": "same last name, another first name: {a} and {b}",
    "names_same_first": "same first name, another last name: {a} and {b}",
    "names_disjoint": "the names have nothing in common: {a} and {b}",
    "names_joined": "one name is the other written as one word: {a} and {b}",
    "names_one_word": "one name is a part of the other: {a} and {b}",
    "names_same_word": "both are called {a}, which is no full name",
    "names_other_word": "the names say too little to compare: {a} and {b}",
    "names_unknown": "one of them shows no name",
    "mailbox_but_names_differ": "one mailbox, though the names differ",
    "login_but_names_differ": "one login, though the names differ",
    "short_form_but_names_differ": "the login fits one name and not the other",
    "login_and_little_name": "one login, and the names say too little to contradict it",
    "login_is_only_a_name": "neither logs in as {login}; they are only called so",
    "login_is_from_part_of_name": "the login is made of the name of which the other shows a part",
    "login_and_names_agree": "login and name agree",
    "short_form_and_names_agree": "name and the login made of it agree",
    "domain_and_names_agree": "domain and name agree",
    "domain_and_last_name": "domain and last name agree",
    "domain_and_short_form": "domain and the login made of the name agree",
    "name_in_many_accounts": "many accounts carry this name",
    "login_in_many_accounts": "many accounts carry this login or a name it may stand for",
    "two_logins_of_one_source": "two logins of one source, where most people have one",
    "chance_of_namesakes": "both parts of the name are common here, so others may have it",
    "last_name_is_common": "the last name is common here",
    "domain_of_one_name": "nobody of another name writes from {domain}",
    "domain_of_one_name_and_no_name": "one of them shows no full name, and nobody of another name writes from {domain}",
    "active_together": "both were active in the same projects",
    "active_at_once": "both were active at the same time, again and again, in one source",
    "names_contradict": "the person carries a name that cannot be the same: {a} and {b}",
    "weak_bridge": "each of the two has accounts of its own, and only this connects them",
    "another_person": "the evidence points as well to {b}",
    "first_account": "nobody else is known by this; the person was made from it",
}


def evidence(rule: str, one: Account, other: Account) -> str:
    """The sentence of a rule about two accounts."""
    sentence = _SENTENCES[rule]
    if "{" not in sentence:
        return sentence
    mine, theirs = read_profile(one), read_profile(other)
    return sentence.format(
        a=shown(one),
        b=shown(other),
        mail=mine.mailbox.address or address_in(one.display_name) or one.email,
        number=mine.mailbox.number,
        domain=mine.mailbox.domain,
        login=_login(one, other, mine.handles, theirs.handles),
    )


def shown(account: Account) -> str:
    """What people recognise an account by, quoted and not longer than fits."""
    text = account.display_name or account.username or account.email or "an account without a name"
    return f"'{text if len(text) <= 80 else text[:79] + '…'}'"


def _login(one: Account, other: Account, mine: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    if shared := [login for login in mine if login in theirs]:
        return f"'{max(shared, key=len)}'"
    for account in (one, other):
        if account.username:
            return f"'{account.username}'"
    return f"'{max((*mine, *theirs, as_handle(one.display_name or '')), key=len)}'"
