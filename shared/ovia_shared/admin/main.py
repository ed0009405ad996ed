"""The `ovia` command: what an operator does to an installation from a shell."""

import sys
import traceback

import click

from ovia_shared.admin.access_commands import (
    create_organisation,
    issue_token,
    organisations,
    revoke_token,
    rotate_token,
    tokens,
)
from ovia_shared.admin.identity_commands import check_identity_log
from ovia_shared.admin.key_commands import make_key, rotate_credentials
from ovia_shared.admin.learning_commands import learn_matching
from ovia_shared.admin.matching_commands import evaluate_matching
from ovia_shared.admin.retention_commands import prune
from ovia_shared.admin.schema_commands import deploy_database, migrate, prepare_database
from ovia_shared.errors import BadSettings, InvalidInput, OviaError
from ovia_shared.telemetry.logging import mask

FAILED = 1
MISUSED = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="ovia-shared", prog_name="ovia")
def cli() -> None:
    """Ovia: engineering intelligence on your own machines."""


@cli.group()
@click.option("--debug", is_flag=True, help="Show where an unexpected fault came from.")
@click.pass_context
def admin(context: click.Context, debug: bool) -> None:
    """Set up and look after an installation.

    Every command but evaluate-matching and learn-matching works on the database that OVIA_DATABASE_URL (or the
    secret file ovia_database_url) names, as its owner ovia_owner. Whatever changes something is recorded in the audit
    log under the name given by --actor.

    \b
    A new installation:
      ovia admin prepare-database
      ovia admin migrate
      ovia admin create-organisation "Fernweh Gliders" --time-zone Europe/Berlin
      ovia admin issue-token --organisation "Fernweh Gliders" --name reporting --role viewer --expires 90d
    """
    context.obj = debug


for command in (
    prepare_database,
    deploy_database,
    migrate,
    create_organisation,
    organisations,
    issue_token,
    tokens,
    revoke_token,
    rotate_token,
    make_key,
    rotate_credentials,
    check_identity_log,
    prune,
    evaluate_matching,
    learn_matching,
):
    admin.add_command(command)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns the exit code: 0 done, 1 could not be done, 2 wrongly asked."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        outcome = cli.main(args=given, prog_name="ovia", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message())
        return MISUSED
    except click.ClickException as misuse:
        misuse.show()
        return MISUSED
    except click.Abort:
        click.echo("interrupted", err=True)
        return FAILED
    except (BadSettings, InvalidInput) as fault:
        click.echo(mask(fault.message), err=True)
        return MISUSED
    except OviaError as fault:
        click.echo(mask(fault.message), err=True)
        return FAILED
    except Exception as fault:  # noqa: BLE001 (the last stop before a traceback that might show a secret)
        if "--debug" in given:
            click.echo(mask(traceback.format_exc()), err=True)
        reason = (str(fault).strip() or type(fault).__name__).splitlines()[0]
        click.echo(f"unexpected fault: {mask(reason)} (`ovia admin --debug …` shows more)", err=True)
        return FAILED
    return outcome if isinstance(outcome, int) else 0


if __name__ == "__main__":
    sys.exit(main())
