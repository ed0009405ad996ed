"""`ovia-stack`: Ovia on Docker Swarm. The targets of the Makefile call it."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
from rich.console import Console
from rich.table import Table

from ovia_stack import (
    administration,
    building,
    compose,
    deploying,
    docker,
    environment,
    files,
    removing,
    services,
    spreading,
    syncing,
)
from ovia_stack.errors import StackError

P = ParamSpec("P")
R = TypeVar("R")


def explained(command: Callable[P, R]) -> Callable[P, R]:
    """What cannot be done is one sentence, not a traceback."""

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return command(*arguments, **options)
        except StackError as error:
            raise click.ClickException(error.message) from None

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Builds, deploys and watches Ovia on Docker Swarm. Settings are in infra/.env, secrets in infra/secrets."""


@main.command()
@click.argument("names", nargs=-1, metavar="[IMAGE…]")
@click.option("--push", is_flag=True, help="Send them to the registry that OVIA_IMAGES names.")
@explained
def images(names: tuple[str, ...], push: bool) -> None:
    """Builds the images: all, or those named."""
    known = [image.name for image in building.IMAGES]
    if unknown := sorted(set(names) - set(known)):
        raise StackError(f"there is no image {', '.join(unknown)}; there are {', '.join(known)}")
    settings = environment.settings()
    built = [building.build(image, settings) for image in building.chosen(names)]
    if push:
        building.push(built)
    click.echo("\n".join(built))


@main.command()
@explained
def pin() -> None:
    """Prints every image that Ovia builds on or runs, with the digest its tag has now, to paste into infra/.env."""
    settings = environment.settings()
    defaults = {name: value or "" for name, value in environment.declared().items()}
    for name, image in building.pinned(settings, defaults).items():
        click.echo(f"{name}={image}")


@main.command()
@explained
def check() -> None:
    """Checks settings, configs and secrets without changing anything in the swarm."""
    settings = environment.settings()
    found = deploying.check(settings, [])
    paths = [*deploying.compose_files(settings), files.SCHEDULED]
    click.echo(f"{len(settings)} settings, {sum(name.startswith('OVIA_CONFIG_') for name in found)} configs, "
               f"{len(compose.secret_names(paths))} secrets: nothing is missing.")  # fmt: skip


@main.command()
@click.option("--patience", default=600.0, show_default=True, help="Seconds after which to give up waiting.")
@click.option("--overlay", "overlays", multiple=True, type=click.Path(exists=True, path_type=Path),
              help="A compose file of your own to lay over the stack's.")  # fmt: skip
@explained
def deploy(patience: float, overlays: tuple[Path, ...]) -> None:
    """Deploys this version, or updates what runs to it, and waits until all of it is up."""
    deploying.deploy(environment.settings(), Console(), patience=patience, extra=list(overlays))


@main.command()
@click.option("--patience", default=120.0, show_default=True, help="Seconds after which to give up waiting for one.")
@explained
def spread(patience: float) -> None:
    """Moves replicas that share a node while another is without: after a node was away, say. `deploy` ends with it."""
    docker.require_manager()
    spreading.spread(Console(), patience)


@main.command()
@explained
def status() -> None:
    """What runs, of which image, and what is wrong. Ends with 1 if anything is."""
    found = [*services.of(services.STACK), *services.of(services.SCHEDULED_STACK)]
    if not found:
        raise StackError("nothing is deployed; `make deploy` does it.")
    table = Table("service", "running", "image", "state", box=None, pad_edge=False)
    for one in found:
        state = "done" if one.job and one.done else "updating" if one.updating else "up" if one.settled else "not up"
        colour = "green" if one.settled else "yellow" if one.updating else "red"
        count = "" if one.job else f"{one.running}/{one.wanted}"
        table.add_row(one.name, count, one.image.partition("@")[0], f"[{colour}]{state}[/{colour}] {one.trouble}")
    # A pipe has no width; what is wrong must not be cut off there.
    console = Console(width=None if sys.stdout.isatty() else 300)
    console.print(table)
    for uneven in spreading.lopsided():
        console.print(f"[yellow]More replicas of {uneven.name} than need be are on {uneven.most}: `ovia-stack spread`.")
    sys.exit(0 if all(one.settled for one in found) else 1)


@main.command()
@click.argument("service")
@click.option("--follow", is_flag=True)
@click.option("--tail", default="200", show_default=True)
@explained
def logs(service: str, follow: bool, tail: str) -> None:
    """The log lines of one service, of all its replicas."""
    for stack in (services.STACK, services.SCHEDULED_STACK):
        if service in {one.name for one in services.of(stack)}:
            more = ["--follow"] if follow else []
            docker.run("service", "logs", "--raw", "--tail", tail, *more, f"{stack}_{service}", quiet=False)
            return
    raise StackError(f"there is no service {service!r}; `make status` lists them.")


@main.command()
@click.option("--service", default="ingest", show_default=True, help="Which of the scheduled services.")
@click.option("--replicas", default=1, show_default=True, help="How many share the work.")
@click.option("--patience", default=3600.0, show_default=True, help="Seconds to wait for its end.")
@explained
def sync(service: str, replicas: int, patience: float) -> None:
    """Reads the sources now, as the scheduler would, and waits for the end."""
    before = syncing.start(service, replicas)
    click.echo(f"{service}: {syncing.wait(service, replicas, before, patience)}")


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@explained
def admin(arguments: tuple[str, ...]) -> None:
    """Runs `ovia admin ARGUMENTS` beside the stack, such as `create-organisation Acme` or `issue-token …`."""
    sys.exit(administration.run(arguments, environment.settings()))


@main.command()
@click.option("--volumes", is_flag=True, help="Delete the data too, after asking.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@explained
def remove(volumes: bool, yes: bool) -> None:
    """Takes the stacks down. The data stays unless --volumes is given."""
    if volumes and not yes:
        click.confirm("Delete the database, its backups and everything else Ovia keeps on this node?", abort=True)
    docker.run("stack", "rm", services.SCHEDULED_STACK, services.STACK)
    if volumes:
        removing.volumes()


if __name__ == "__main__":
    main()
