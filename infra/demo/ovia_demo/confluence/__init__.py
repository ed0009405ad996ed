"""Confluence: Cloud (v2, and v1 where v2 has nothing) below /confluence, Data Center (v1) below /confluence-dc."""
