"""Grafana's dashboards, written in Python. Grafana reads the JSON beside them, which `ovia-dashboards write` makes."""
