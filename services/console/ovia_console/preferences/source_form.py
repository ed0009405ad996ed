"""What somebody typed about a source, as the api takes it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ovia_console.preferences.typed import lines, number
from ovia_console.services import FieldFault

# Of the settings, those that the form does not show stay as they are.
_SHOWN = (
    "deployment", "scopes", "window_days", "max_tries", "timeout_seconds", "requests_per_second", "ca_file", "proxy",
)  # fmt: skip
_NUMBERS = ("window_days", "max_tries", "timeout_seconds", "requests_per_second")


class SourceForm(msgspec.Struct):
    """As the fields stand. A token that was typed is never written back into a page."""

    kind: str
    name: str = ""
    base_url: str = ""
    deployment: str = "auto"
    scopes: str = ""
    user: str = ""
    window_days: str = ""
    max_tries: str = ""
    timeout_seconds: str = ""
    requests_per_second: str = ""
    ca_file: str = ""
    proxy: str = ""

    def more_open(self) -> bool:
        """Whether one of the fields is filled in that most leave empty."""
        rare = (*_NUMBERS, "ca_file", "proxy")
        return any(getattr(self, name) for name in rare) or self.deployment != "auto"


def of_source(source: Mapping[str, Any]) -> SourceForm:
    """The form of a source there is."""
    settings = source["settings"]
    told = {name: str(settings[name]) for name in _SHOWN if name in settings and name != "scopes"}
    return SourceForm(
        source["kind"],
        name=source["name"],
        base_url=source["base_url"],
        scopes="\n".join(settings.get("scopes", [])),
        **told,
    )


def typed(form: Mapping[str, Any], kind: str) -> SourceForm:
    """The form as it was sent."""
    names = [name for name in SourceForm.__struct_fields__ if name != "kind" and form.get(name)]
    return SourceForm(kind, **{name: str(form[name]).strip() for name in names})


def settings_of(form: SourceForm, before: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldFault]]:
    """The settings it says, with those it does not show as they were; and what is no number."""
    settings = {name: value for name, value in before.items() if name not in _SHOWN}
    faults = []
    if form.deployment in ("cloud", "data_center"):
        settings["deployment"] = form.deployment
    if scopes := lines(form.scopes):
        settings["scopes"] = scopes
    for name in ("ca_file", "proxy"):
        if getattr(form, name):
            settings[name] = getattr(form, name)
    for name in _NUMBERS:
        text = getattr(form, name)
        value = number(text)
        if value is not None:
            settings[name] = value
        elif text:
            faults.append(FieldFault(f"settings.{name}", ""))
    return settings, faults


def credentials_of(form: Mapping[str, Any]) -> dict[str, str] | None:
    """The credentials that were typed; None if none were."""
    token, user = str(form.get("token", "")).strip(), str(form.get("user", "")).strip()
    if not token:
        return None
    return {"token": token} | ({"user": user} if user else {})
