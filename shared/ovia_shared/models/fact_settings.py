"""What an organisation may choose about how facts are derived. Words are compared without regard to case."""

import msgspec


class Classification(msgspec.Struct, frozen=True):
    """What makes work a bug or a feature: the type of a work item first, then labels, bugs first. The rest is chore."""

    bug_types: tuple[str, ...] = ("bug", "defect", "баг", "дефект", "ошибка")
    feature_types: tuple[str, ...] = (
        "story", "epic", "new feature", "improvement", "история", "эпик", "новая функция", "улучшение",
    )  # fmt: skip
    bug_labels: tuple[str, ...] = ("bug", "defect", "fix", "hotfix")
    feature_labels: tuple[str, ...] = ("feature", "enhancement", "story")


class Workflow(msgspec.Struct, frozen=True):
    """What statuses mean. `categories` says todo, in_progress or done by project key (`*`: any) and status name.

    A status it does not name has the category its source gives it. `blocked` are statuses in which an item waits for
    something; `blocking_links` are types of links whose inward side is blocked by the other.
    """

    categories: dict[str, dict[str, str]] = {}
    blocked: tuple[str, ...] = (
        "blocked", "on hold", "impeded", "заблокировано", "заблокирована", "заблокирован", "на паузе",
    )  # fmt: skip
    blocking_links: tuple[str, ...] = ("blocks", "blocker", "блокирует", "блокировка")


class Production(msgspec.Struct, frozen=True):
    """Which deployments reach users, and what counts as an incident or its fix.

    `environments` are regular expressions for names of environments whose source names no tier. Where a project has no
    deployment to one in production, its releases count, and without any its tags that match `release_tags`.
    """

    environments: tuple[str, ...] = ("^prod(uction)?$",)
    release_branches: str = "^release[/-]"
    release_tags: str = r"^v?\d+(\.\d+)+$"
    incident_types: tuple[str, ...] = ("incident", "инцидент")
    incident_labels: tuple[str, ...] = ("incident",)
    fix_labels: tuple[str, ...] = ("hotfix",)
    fix_branches: str = "^hotfix[/-]"


class FactSettings(msgspec.Struct, frozen=True):
    """All of them together."""

    classification: Classification = Classification()
    workflow: Workflow = Workflow()
    production: Production = Production()
