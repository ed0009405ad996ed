"""What git's last words mean: whether trying again helps, and what a person should mend."""

import re
from collections.abc import Callable

from ovia_ingest.connectors.git.processes import Finished
from ovia_shared.errors import SourceError, SourceFault

MAX_QUOTED = 300

# The first that fits counts. git runs with LC_ALL=C, so its messages are in English on every machine. An SSH
# server that refuses a key also "hangs up", hence the refusals come before what is retried.
_FATAL: tuple[tuple[str, str], ...] = (
    (
        r"authentication failed|could not read (username|password)|access denied|error: 40[13]|denied \(publickey",
        "access was refused; check the user name and token (or SSH key) and that it may read this repository",
    ),
    (
        "repository.* not found|error: 404|does not appear to be a git|could not be found|no such file",
        "there is no such repository, or these credentials may not see it; check the address",
    ),
    (
        "host key verification failed",
        "the SSH host key is not known; add it to known_hosts of the service user",
    ),
    (
        "certificate",
        "the server's certificate is not trusted; set SSL_CERT_FILE to your authority's bundle",
    ),
    (
        "redirect|error: 30[1278]",
        "the address redirects elsewhere; give the address the repository has now, with .git at its end",
    ),
    (
        "transport '.*' not allowed",
        "this transport is not allowed; use https, http, ssh, git, file or a path",
    ),
    (
        "dubious ownership",
        "the repository belongs to another user of this machine; give its path instead of a file URL",
    ),
    (
        "no space left on device",
        "the disk is full; free space where mirrors are kept",
    ),
    (
        "permission denied|read-only file system",
        "permission denied; let the service user read the repository and write its mirror",
    ),
)


def while_fetching(finished: Finished, masked: Callable[[str], str]) -> SourceError:
    """A remote that did not deliver: retriable unless the words say that only a person can help."""
    said = finished.said.lower()
    for signs, advice in _FATAL:
        if re.search(signs, said):
            return SourceError(f"{advice} ({_quoted(finished, masked)})", fault=SourceFault.FATAL)
    return SourceError(f"the repository could not be fetched ({_quoted(finished, masked)})")


def while_reading(finished: Finished) -> SourceError:
    """A local store that cannot be read: trying again gives the same, unless git was killed from outside."""
    if finished.status < 0:
        return SourceError(f"git was ended by signal {-finished.status} while reading")
    return SourceError(
        f"the repository is damaged or cannot be read; run `git fsck` in it ({_quoted(finished, str)})",
        fault=SourceFault.FATAL,
    )


def _quoted(finished: Finished, masked: Callable[[str], str]) -> str:
    lines = [line.strip() for line in finished.said.splitlines() if line.strip()]
    telling = [line for line in lines if line.lower().startswith(("fatal:", "error:"))] or lines
    said = masked(" · ".join(telling[:3]))[:MAX_QUOTED]
    return f"git: {said}" if said else f"git ended with status {finished.status} without a word"
