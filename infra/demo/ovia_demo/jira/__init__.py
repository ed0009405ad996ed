"""Jira: Cloud (v3) below /jira and Data Center (v2) below /jira-dc, over the same issues."""
