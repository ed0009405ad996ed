"""Unified diffs with so many lines added and removed; the largest are left out, as GitLab does."""

from ovia_demo.organisation.code_model import FileChange

LARGEST = 600


def diff(file: FileChange) -> tuple[str, bool]:
    """The text, and whether it was left out for its size."""
    if file.added + file.removed > LARGEST:
        return "", True
    removed = "".join(f"-    before = {number}\n" for number in range(file.removed))
    added = "".join(f"+    after = {number}\n" for number in range(file.added))
    head = f"@@ -{0 if file.new else 1},{file.removed + 1} +1,{file.added + 1} @@\n"
    return f"{head} # as it was\n{removed}{added}", False
