"""Commands that judge the matching engine."""

import csv
import time
from pathlib import Path
from uuid import UUID

import click
import msgspec

from ovia_shared.admin.display import as_json_text, json_option, show
from ovia_shared.admin.labelled_files import read_labelled, safe_cell
from ovia_shared.admin.mailmap import read_repository
from ovia_shared.errors import InvalidInput
from ovia_shared.matching import published
from ovia_shared.matching.evaluation import KINDS, Evaluation, Grade, Report
from ovia_shared.matching.learning import Labelled
from ovia_shared.matching.measures import Calibration
from ovia_shared.matching.service_accounts import detect
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.identity import Account
from ovia_shared.models.rule_trace import RuleTrace

_CONFIGURATIONS = {"default": MatchingSettings(), "published": published.SETTINGS}
_probability = click.FloatRange(0, 1)


class AgreementLine(msgspec.Struct, frozen=True):
    """A row of the first table, as text."""

    what: str
    precision: str
    recall: str
    f1: str
    b3_precision: str
    b3_recall: str
    b3_f1: str
    right: str
    wrong: str
    missed: str


class ReliabilityLine(msgspec.Struct, frozen=True):
    """A row of a reliability table."""

    confidence: str
    count: str
    mean: str
    true: str


class ErrorLine(msgspec.Struct, frozen=True):
    """A row of the errors by kind."""

    error: str
    pairs: str


@click.command("evaluate-matching")
@click.option("--identities", metavar="FILE", help="CSV, or CSV.gz; - is standard input.")
@click.option("--truth", metavar="FILE", help="CSV of identity_id and person, if --identities has no column person.")
@click.option("--mailmap", metavar="PATH", help="A git repository instead: its authors, and its .mailmap as the truth.")
@click.option("--config", type=click.Choice(list(_CONFIGURATIONS)), default="default", show_default=True)
@click.option("--auto", type=_probability, help="Join from this confidence on, instead of the configuration's.")
@click.option("--conflict", type=_probability, help="Propose from this confidence on.")
@click.option("--without-service-accounts", is_flag=True, help="Leave out what is recognised as a machine's.")
@click.option("--errors", type=click.Path(dir_okay=False, writable=True, path_type=Path), metavar="FILE",
              help="Write every wrong pair with its trace: CSV.")  # fmt: skip
@json_option
def evaluate_matching(
    identities: str | None,
    truth: str | None,
    mailmap: str | None,
    config: str,
    auto: float | None,
    conflict: float | None,
    errors: Path | None,
    *,
    without_service_accounts: bool,
    as_json: bool,
) -> None:
    """Match accounts whose owners are known, and say how good it was. Needs no database.

    FILE has the columns identity_id, source, username, email, display_name and person. An empty person means that
    nobody knows; such accounts are matched and not judged.

    \b
    Examples:
      ovia admin evaluate-matching --identities accounts.csv --errors wrong.csv
      ovia admin evaluate-matching --mailmap ~/src/shop --config published
    """
    labelled, names = _read(identities, truth, mailmap)
    machines = 0
    if without_service_accounts:
        labelled, machines = _people_only(labelled)
    settings = _settings(config, auto, conflict)
    started = time.perf_counter()
    evaluation = Evaluation(labelled, settings)
    took = time.perf_counter() - started
    report = evaluation.report()
    written = _write_errors(evaluation, names, errors) if errors is not None else 0
    if as_json:
        click.echo(as_json_text(report))
    else:
        _print(report, settings, machines, took)
    if errors is not None:
        click.echo(f"{written:,} wrong pairs are in {errors}", err=True)


def _read(identities: str | None, truth: str | None, mailmap: str | None) -> tuple[Labelled, dict[UUID, str]]:
    if (identities is None) == (mailmap is None):
        raise InvalidInput("give either --identities or --mailmap")
    if mailmap is not None:
        if truth is not None:
            raise InvalidInput("--truth belongs to --identities; with --mailmap the .mailmap is the truth")
        return read_repository(mailmap), {}
    return read_labelled(identities or "", truth)


def _settings(config: str, auto: float | None, conflict: float | None) -> MatchingSettings:
    chosen = _CONFIGURATIONS[config]
    auto = chosen.auto if auto is None else auto
    conflict = min(chosen.conflict, auto) if conflict is None else conflict
    if conflict > auto:
        raise InvalidInput(f"what is proposed ({conflict}) cannot be surer than what is joined ({auto})")
    return MatchingSettings(auto, conflict, chosen.configuration)


def _people_only(labelled: Labelled) -> tuple[Labelled, int]:
    kept = [
        (account, owner)
        for account, owner in zip(labelled.accounts, labelled.persons, strict=True)
        if not detect(account.username, account.display_name, account.email).service_account
    ]
    only = Labelled([account for account, _ in kept], [owner for _, owner in kept])
    return only, len(labelled.accounts) - len(kept)


def _print(report: Report, settings: MatchingSettings, machines: int, took: float) -> None:
    click.echo(
        f"{report.accounts:,} accounts, {report.labelled:,} of {report.owners:,} known owners; configuration"
        f" {report.configuration} ({report.engine_version}), joined from {settings.auto}, proposed from"
        f" {settings.conflict}; {took:.2f} s"
    )
    if machines:
        click.echo(f"{machines:,} service accounts left out")
    click.echo(
        f"{report.people:,} people: {report.auto:,} links made, {report.conflict:,} proposed,"
        f" {report.orphans:,} accounts without a person"
    )
    lines = [_line("joined", report.certain), _line("joined and proposed", report.proposed)]
    show(lines, AgreementLine.__struct_fields__, as_json=False, nothing="")
    _print_reliability("Pairs that were compared", report.by_pair)
    _print_reliability("Links, as a reviewer sees them", report.by_link)
    wrong = [ErrorLine(text, f"{report.errors[kind]:,}") for kind, text in KINDS.items() if kind in report.errors]
    show(wrong, ErrorLine.__struct_fields__, as_json=False, nothing="no pair is wrong")


def _line(what: str, grade: Grade) -> AgreementLine:
    pairs, accounts = grade.agreement, grade.b_cubed
    shares = (pairs.precision, pairs.recall, grade.f1, accounts.precision, accounts.recall, grade.b_cubed_f1)
    counts = (grade.pairs.right, grade.pairs.wrong, grade.pairs.missed)
    return AgreementLine(what, *(f"{share:.4f}" for share in shares), *(f"{count:,}" for count in counts))


def _print_reliability(title: str, found: Calibration) -> None:
    click.echo(f"{title}: expected calibration error {found.error:.4f} over {found.count:,}")
    lines = [
        ReliabilityLine(
            f"{one.low:.1f}-{one.high:.1f}", f"{one.count:,}", f"{one.confidence:.3f}", f"{one.true_share:.3f}"
        )
        for one in found.bins
    ]
    show(lines, ReliabilityLine.__struct_fields__, as_json=False, nothing="nothing to compare")


def _write_errors(evaluation: Evaluation, names: dict[UUID, str], file: Path) -> int:
    """Writes every wrong pair and returns how many there are."""
    sides = ("identity_id", "source", "username", "email", "display_name", "person", "trace_of_link")
    count = 0
    try:
        with file.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines)
            writer.writerow(
                ["error", "kind", "confidence", "trace", *(f"{side}_{n}" for n in (1, 2) for side in sides)]
            )
            for pair in evaluation.wrong():
                count += 1
                certain = "" if pair.confidence is None else f"{pair.confidence:.6f}"
                row = ["joined" if pair.joined else "apart", KINDS[pair.kind], certain, _told(pair.trace)]
                for account, owner, link in zip((pair.one, pair.other), pair.owners, pair.links, strict=True):
                    row += [*_fields(account, names), owner, _told(link)]
                writer.writerow([safe_cell(cell) for cell in row])
    except OSError as fault:
        raise InvalidInput(f"{file} cannot be written: {fault.strerror}") from None
    return count


def _fields(account: Account, names: dict[UUID, str]) -> list[str]:
    return [
        names.get(account.id, ""),
        account.source,
        account.username or "",
        account.email or "",
        account.display_name or "",
    ]


def _told(trace: tuple[RuleTrace, ...]) -> str:
    return "; ".join(f"{one.rule} {one.contribution:+.2f}: {one.evidence}" for one in trace)
