"""Pieces of SQL that derivations share. `$2` is the settings as JSON wherever facts are derived."""


def hours(start: str, end: str) -> str:
    """Elapsed hours; null where an end is missing or they are the wrong way round."""
    return f"case when {end} >= {start} then (extract(epoch from {end} - {start}) / 3600)::double precision end"


def length(times: str) -> str:
    """The hours of a set of times."""
    return (
        f"(select coalesce(sum(extract(epoch from upper(r) - lower(r))), 0) / 3600 from unnest({times}) r)"
        "::double precision"
    )


def labelled(labels: str, words: str) -> str:
    """Whether one of the labels is among the words of a setting."""
    return f"exists (select from jsonb_array_elements_text({labels}) label where ({words}) ? lower(label))"


def class_of(labels: str, kind: str = "null::text") -> str:
    """bug, feature or chore: by type, else by labels, bugs first."""
    chosen = "$2::jsonb->'classification'"
    return f"""case
        when ({chosen}->'bug_types') ? lower({kind}) then 'bug'
        when ({chosen}->'feature_types') ? lower({kind}) then 'feature'
        when {labelled(labels, f"{chosen}->'bug_labels'")} then 'bug'
        when {labelled(labels, f"{chosen}->'feature_labels'")} then 'feature'
        else 'chore' end"""


def incident(item: str) -> str:
    """Whether a work item is an incident: by type, by label, or because somebody said a deployment caused it."""
    chosen = "$2::jsonb->'production'"
    return f"""(({chosen}->'incident_types') ? lower({item}.type)
        or {labelled(f"{item}.labels", f"{chosen}->'incident_labels'")} or {said_to_be_caused(item)})"""


def said_to_be_caused(item: str) -> str:
    """Whether a correction in force names this work item."""
    return f"""exists (
        select from corrected_incidents i
          join deployment_corrections c on c.org_id = $1 and c.id = i.correction_id and c.known_to = 'infinity'
         where i.org_id = $1 and i.connection_id = {item}.connection_id and i.external_id = {item}.external_id)"""


def landed(request: str) -> str:
    """Whether a merge request was merged into the default branch of its project, which is `j`."""
    return f"""{request}.target_branch = j.default_branch and {request}.state = 'merged'
        and {request}.merged_at is not null and {request}.removed_at is null"""


def place(request: str) -> str:
    """Where a merge request stands among those of its project, as a row that can be compared."""
    return f"({request}.merged_at, length({request}.external_id), {request}.external_id)"


def end(deployment: str, which: str) -> str:
    """Where what a deployment ships begins (`after`) or ends (`until`), to be compared with the place of a request."""
    name = f"{deployment}.{which}"
    return f"({name}_at, length({name}_id), {name}_id)"


def ships(deployment: str, request: str) -> str:
    """Whether a deployment is the first in its environment that contains the merge request."""
    return f"""{deployment}.ships and {place(request)} <= {end(deployment, "until")}
        and ({deployment}.after_at is null or {place(request)} > {end(deployment, "after")})"""
