"""Where one thing names another, across sources."""

import msgspec


class Reference(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A mention of `target` in a `subject`, and where it was found.

    `subject_kind` is merge_request, commit, work_item, document, comment or release. `target_kind` is work_item
    (`target` is its key) or commit (`target` is its SHA). `found_in` is branch, title, description, commit_title,
    commit_message, merge_commit, squash_commit, commits or body.
    """

    subject_kind: str
    subject_external_id: str
    target_kind: str
    target: str
    found_in: str
