"""Pieces of SQL that derivations share. `$2` is the settings as JSON wherever facts are derived."""


def hours(start: str, end: str) -> str:
    """Elapsed hours; null where an end is missing or they are the wrong way round."""
    return f"case when {end} >= {start} then (extract(epoch from {end} - {start}) / 3600)::double precision end"


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
