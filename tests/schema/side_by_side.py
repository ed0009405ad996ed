"""What a migration must not do while replicas of the release before still run beside it.

The linter `squawk` knows the statements; a few it does not look for, or only for how long they take, are added here.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

# Their migrations came with the first release: no replica can be older.
BEFORE_ANY_RELEASE = 23

# squawk has more rules, about locks and style. These are about what an old replica, which knows nothing of the
# migration, would fail at: it reads what is gone, or writes what is no longer taken.
RULES = {
    "ban-drop-table": "drops a table",
    "ban-drop-column": "drops a column",
    "ban-drop-default": "drops a default",
    "ban-drop-view": "drops a view",
    "ban-drop-function": "drops a function",
    "ban-drop-type": "drops a type",
    "ban-drop-schema": "drops a schema",
    "ban-truncate-cascade": "empties tables",
    "renaming-column": "renames a column",
    "renaming-table": "renames a table",
    "renaming-object": "renames something",
    "changing-column-type": "changes the type of a column",
    "adding-not-nullable-field": "forbids null in a column there is",
    "adding-required-field": "adds a column that old writers leave out and that has no default",
}
_NEW_RULE = "adds a rule that old writers may break"
# What is done to a table, view or type that is there already, by the name of it.
_EXISTING = {
    r"alter table (?:if exists )?(?:only )?(\S+) .*\badd (?:constraint \S+ )?"
    r"(?:check|unique|foreign key|exclude|primary key)\b": _NEW_RULE,
    r"create unique index (?:concurrently )?(?:if not exists )?\S+ on (?:only )?(\S+)": _NEW_RULE,
    r"revoke .* on (?:table )?(\S+) from": "takes a right away",
    r"drop policy \S+ on (\S+)": "drops a policy",
    r"alter type (\S+) (?:drop|alter) ": "changes a type",
}
_CONTRACT = re.compile(r"^-- contract: (\d+\.\d+\.\d+)$", re.MULTILINE)


def broken_by(migration: Path) -> set[str]:
    """What replicas of the release before could not live with; empty if they can."""
    return _by_squawk(migration) | _by_ourselves(migration.read_text())


def released_without(migration: Path) -> str | None:
    """The release whose code no longer needs what this migration takes away, if it says one."""
    said = _CONTRACT.search(migration.read_text())
    return said.group(1) if said else None


def _by_squawk(migration: Path) -> set[str]:
    checked = subprocess.run(
        [Path(sys.executable).with_name("squawk"), "--reporter", "json", "--pg-version", "16", migration],
        capture_output=True,
        text=True,
        check=False,
    )
    violations = json.loads(checked.stdout)
    assert not [one for one in violations if one["rule_name"] == "syntax-error"], violations
    return {RULES[one["rule_name"]] for one in violations if one["rule_name"] in RULES}


def _by_ourselves(text: str) -> set[str]:
    statements = [" ".join(statement.lower().split()) for statement in _without_texts(text).split(";")]
    made = {name.group(1) for one in statements if (name := re.match(r"create table (?:if not exists )?(\S+)", one))}
    return {
        what
        for statement in statements
        for pattern, what in _EXISTING.items()
        if (found := re.match(pattern, statement)) and found.group(1) not in made
    }


def _without_texts(text: str) -> str:
    """Without comments, strings and bodies of functions, in which a semicolon ends no statement."""
    text = re.sub(r"--[^\n]*", "", text)
    text = re.sub(r"\$(\w*)\$.*?\$\1\$", "''", text, flags=re.DOTALL)
    return re.sub(r"'(?:[^']|'')*'", "''", text)
