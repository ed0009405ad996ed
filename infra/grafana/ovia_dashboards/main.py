"""`ovia-dashboards`: writes what Grafana reads, or says what is not as written."""

import json
import sys
from pathlib import Path

import click
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from ovia_dashboards import api, ask, database, ingest, kpis, overview

DIRECTORY = Path(__file__).parents[1] / "dashboards"


def texts() -> dict[str, str]:
    """The text of each dashboard's file, by the file's name. The same source gives the same bytes."""
    made = {}
    for module in (overview, ingest, api, database, kpis, ask):
        built = module.dashboard().build()
        for number, panel in enumerate(built.panels or [], start=1):
            # Grafana links to a panel by its number, so it gives none itself to what it did not make.
            panel.id_val = number
        name = (built.uid or "").removeprefix("ovia-")
        made[f"{name}.json"] = json.dumps(built, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return made


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Grafana's dashboards, from Python to JSON."""


@main.command()
def write() -> None:
    """Write every dashboard to infra/grafana/dashboards, and remove what is none any more."""
    written = texts()
    DIRECTORY.mkdir(exist_ok=True)
    for path in DIRECTORY.glob("*.json"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (DIRECTORY / name).write_text(text)
    print(f"{len(written)} dashboards written to {DIRECTORY}")


@main.command()
def check() -> None:
    """Say which files are not as the Python would write them; exit code 1 if there are any."""
    stale = different()
    for name in stale:
        print(f"{name} is not what ovia-dashboards would write; run ovia-dashboards write", file=sys.stderr)
    sys.exit(1 if stale else 0)


def different() -> list[str]:
    """Names of files that are missing, stale, or no dashboard's."""
    written = texts()
    there = {path.name: path.read_text() for path in DIRECTORY.glob("*.json")}
    return sorted(name for name in written.keys() | there.keys() if written.get(name) != there.get(name))
