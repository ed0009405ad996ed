"""The command that learns what each reason weighs in matching."""

from pathlib import Path

import click
import msgspec

from ovia_shared.admin.labelled_files import read_labelled
from ovia_shared.admin.mailmap import read_repository
from ovia_shared.errors import InvalidInput
from ovia_shared.matching.learning import learn


@click.command("learn-matching")
@click.option("--identities", multiple=True, metavar="FILE", help="CSV with a column person; may be given again.")
@click.option("--mailmap", multiple=True, metavar="PATH", help="A git repository with a .mailmap; may be given again.")
@click.option("--version", "name", required=True, help="What mappings made with these weights say they were made by.")
@click.option("--output", required=True, type=click.Path(dir_okay=False, writable=True, path_type=Path), metavar="FILE",
              help="Where to write the weights: JSON.")  # fmt: skip
def learn_matching(identities: tuple[str, ...], mailmap: tuple[str, ...], name: str, output: Path) -> None:
    """Learn the weights of matching from accounts whose owners are known. Needs no database.

    Each set counts the same, however large it is. The same sets give the same weights. What ships with Ovia is
    ovia_shared/matching/weights.json; scipy is needed, which running Ovia is not.

    \b
    Example:
      ovia admin learn-matching --identities people.csv --mailmap ~/src/shop --version 2027.1 --output weights.json
    """
    sets = [read_labelled(file, None)[0] for file in identities] + [read_repository(path) for path in mailmap]
    if not sets:
        raise InvalidInput("give at least one --identities or --mailmap")
    try:
        weights = learn(sets, name)
    except ImportError:
        raise InvalidInput("learning needs scipy: pip install scipy") from None
    try:
        output.write_bytes(msgspec.json.format(msgspec.json.encode(weights), indent=1) + b"\n")
    except OSError as fault:
        raise InvalidInput(f"{output} cannot be written: {fault.strerror}") from None
    known = sum(sum(owner is not None for owner in one.persons) for one in sets)
    click.echo(f"learned from {known:,} accounts in {len(sets)} sets; version {name} is in {output}", err=True)
