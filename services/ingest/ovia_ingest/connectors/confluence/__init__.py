"""Confluence Cloud (REST v2, and v1 where v2 has nothing) and Data Center (REST v1)."""
