"""GitLab's REST API (v4) below /gitlab."""
