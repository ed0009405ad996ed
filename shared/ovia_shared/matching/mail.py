"""E-mail addresses in the form in which they are compared."""

import re
from functools import lru_cache

import msgspec
import tldextract

CACHED = 1 << 17
LONGEST_ADDRESS = 320

# The list of public suffixes that comes with the package; it is never fetched.
_DOMAINS = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False)

_NOREPLY = re.compile(
    r"^(?:(?P<number>\d+)[+-])?(?P<login>[^@]+)@(?:users\.noreply\.[a-z0-9.-]+|[a-z0-9.-]*noreply\.[a-z0-9.-]+)$"
)
# Mailboxes that say what somebody's machine or role is called, not who they are.
_NOBODYS = frozenset(
    [
        "admin", "administrator", "bot", "build", "builds", "bugs", "ci", "contact", "dev", "devel", "devnull",
        "dev-null", "git", "github", "gitlab", "hello", "help", "home", "hostmaster", "info", "jenkins",
        "localhost", "mail", "mailer", "mailer-daemon", "me", "no-reply", "nobody", "none", "noreply", "null",
        "office", "postmaster", "root", "sales", "security", "support", "sysadmin", "team", "test", "ubuntu",
        "unknown", "user", "vagrant", "webmaster", "you", "your", "email", "name", "your-email", "youremail",
        "you@example", "debian", "centos", "ec2-user", "pi", "developer", "developers", "runner", "svn", "cvs",
        "hg", "code", "software", "owner", "guest",
    ]
)  # fmt: skip
# Where everybody may have a mailbox: the domain says nothing about who somebody is.
_PUBLIC_DOMAINS = frozenset(
    [
        "gmail.com", "googlemail.com", "yahoo.com", "hotmail.com", "outlook.com", "live.com", "msn.com",
        "icloud.com", "me.com", "mac.com", "aol.com", "gmx.de", "gmx.net", "gmx.com", "web.de", "t-online.de",
        "freenet.de", "mail.ru", "yandex.ru", "ya.ru", "bk.ru", "inbox.ru", "list.ru", "rambler.ru",
        "yandex.com", "163.com", "126.com", "qq.com", "sina.com", "foxmail.com", "protonmail.com", "proton.me",
        "pm.me", "fastmail.com", "fastmail.fm", "zoho.com", "posteo.de", "mailbox.org", "riseup.net",
        "free.fr", "orange.fr", "laposte.net", "wanadoo.fr", "libero.it", "wp.pl", "o2.pl", "interia.pl",
        "onet.pl", "seznam.cz", "ukr.net", "i.ua", "naver.com", "hanmail.net", "comcast.net", "verizon.net",
        "att.net", "sbcglobal.net", "cox.net", "github.com", "users.noreply.github.com", "localhost",
        "localhost.localdomain", "cpan.org", "debian.org", "ubuntu.com", "apache.org", "gnu.org", "kernel.org",
        "users.sourceforge.net", "sourceforge.net", "speakeasy.net", "rediffmail.com", "ymail.com",
        "hushmail.com", "tutanota.com", "tuta.io", "hey.com", "duck.com", "btinternet.com", "bigpond.com",
        "xs4all.nl",
    ]
)  # fmt: skip


class Mailbox(msgspec.Struct, frozen=True, gc=False):
    """An e-mail address taken apart.

    `address` is None for one that nobody owns (root, info, a machine without a domain). `login` is the account name
    that a code host's no-reply address gives away, `number` its numeric id. `domain` is the registered domain, None
    where everybody may have one.
    """

    address: str | None
    local: str
    login: str | None
    number: str | None
    domain: str | None


NO_MAILBOX = Mailbox(None, "", None, None, None)


@lru_cache(CACHED)
def read_mailbox(written: str | None) -> Mailbox:
    """The address in lower case, without a +tag; `NO_MAILBOX` if it is none."""
    if not written or len(written) > LONGEST_ADDRESS:
        return NO_MAILBOX
    text = written.strip().strip("<>").lower().replace(" at ", "@").replace(" dot ", ".")
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or len(text.split()) != 1:
        return NO_MAILBOX
    if hidden := _NOREPLY.match(text):
        login = hidden["login"]
        return Mailbox(None, "" if login in _NOBODYS else login, login, hidden["number"], None)
    local = local.split("+", 1)[0]
    registered = _registered(domain)
    nobodys = local in _NOBODYS
    # "(none)" and bare host names are what git makes up on a machine that has no address.
    owned = "." in domain and not domain.endswith((".local", ".localdomain", ".(none)", ".lan", ".internal", ".home"))
    if domain == "googlemail.com":
        domain = "gmail.com"
    if domain == "gmail.com":
        local = local.replace(".", "")
    spelt = "" if nobodys else text.rpartition("@")[0].split("+", 1)[0]
    return Mailbox(f"{local}@{domain}" if owned and local else None, spelt, None, None, registered)


@lru_cache(CACHED)
def _registered(domain: str) -> str | None:
    if domain in _PUBLIC_DOMAINS:
        return None
    found = _DOMAINS(domain).top_domain_under_public_suffix
    return None if not found or found in _PUBLIC_DOMAINS else found
