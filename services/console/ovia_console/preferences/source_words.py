"""What sources are called, which hints their forms give, and what is said once something was done."""

from typing import NamedTuple


def _(text: str) -> str:
    """Marks a sentence for the catalogues; it is translated where it is shown."""
    return text


class Kind(NamedTuple):
    """A kind of source, and what its form says beside its fields."""

    name: str
    address: str
    scopes: str
    user: str
    token: str
    advice: str


KINDS = {
    "jira": Kind(
        "Jira",
        _("The address people open, such as https://your-site.atlassian.net, without /rest."),
        _("Keys of projects, one a line. Empty: everything the account may see."),
        _("Cloud: the account's e-mail address. Data Center: leave it empty."),
        _("Cloud: an API token. Data Center: a personal access token."),
        _("Give Ovia an account of its own that may see what it should read, and no more. It only reads."),
    ),
    "gitlab": Kind(
        "GitLab",
        _("The address people open, such as https://gitlab.example.com, without /api/v4."),
        _("Paths of groups or projects, one a line. Empty: all projects the account is a member of."),
        "",
        _("A personal, group or project access token with the scope read_api."),
        _("The account should be at least Reporter in what it reads: a guest sees no code and no pipelines."),
    ),
    "confluence": Kind(
        "Confluence",
        _("The address people open, such as https://your-site.atlassian.net, with or without /wiki."),
        _("Keys of spaces, one a line. Empty: everything the account may see."),
        _("Cloud: the account's e-mail address. Data Center: leave it empty."),
        _("Cloud: an API token. Data Center: a personal access token."),
        _("Give Ovia an account of its own that may see what it should read, and no more. It only reads."),
    ),
    "git": Kind(
        "git",
        _("A URL with https, http or git. Clones on the server are added there, with ovia-ingest git."),
        "",
        _("The user name that goes with the token, if the host wants one."),
        _("Empty for a repository everybody may read."),
        _("A repository is not tested before it is added: reading it shows whether it can be read."),
    ),
}
# Those that sign what they deliver.
SIGNED = frozenset({"jira", "gitlab"})
STATUSES = {
    "active": (_("Is read"), "good"),
    "paused": (_("Paused"), "warn"),
    "removed": (_("Removed"), ""),
    "deleting": (_("Being deleted"), "accent"),
}
DONE = {
    "added": _("Added. Reading begins within a minute."),
    "changed": _("Changed. What waited after a failure is read again at once."),
    "paused": _("Paused. Nothing is read until it is resumed."),
    "resumed": _("Resumed. Reading goes on from where it stopped."),
    "resynced": _("Everything is read from the beginning. What was read stays and is refreshed."),
    "removed": _("Removed. Its credentials are erased; what was read stays."),
    "deleting": _("What was read is being deleted, and then the source."),
    "deleted": _("Deleted, with all that was read through it."),
    "closed": _("Deliveries are refused from now on. Reading goes on by itself."),
}
STEPS = {
    "address": _("Address"),
    "dns": _("Name of the host"),
    "connect": _("Connection"),
    "tls": _("Certificate"),
    "reach": _("Answer"),
    "authentication": _("Credentials"),
    "permission": _("Permission"),
    "scopes": _("Scopes"),
}
FIELDS = {
    "name": _("Name"),
    "base_url": _("Address"),
    "settings.scopes": _("Scopes"),
    "settings.window_days": _("Days of a window"),
    "settings.max_tries": _("Tries"),
    "settings.timeout_seconds": _("Seconds to wait"),
    "settings.requests_per_second": _("Requests per second"),
    "settings.ca_file": _("Certificates of your own"),
    "settings.proxy": _("Proxy"),
    "credentials": _("Credentials"),
    "credentials.user": _("User"),
    "credentials.token": _("Token"),
}
