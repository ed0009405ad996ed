"""Ask: how quickly questions are answered, and how far behind what people wrote the index is.

Every replica of `rag` tells the same figures about the database: `max` puts them together, never `sum`.
"""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from ovia_dashboards import limits
from ovia_dashboards.api import failed_share, quantile, requests
from ovia_dashboards.boards import board, choice, heading
from ovia_dashboards.panels import Series, graph, logs

_ASKED = 'service="ovia-rag", route="/ask"'
_CHOSEN = '{organisation=~"$organisation"}'


def dashboard() -> Dashboard:
    """Organisations are chosen above the panels."""
    made = board("ask", "Ask", "Questions and their answers: rate, errors, duration; and the index they are found in.")
    made = made.with_variable(
        choice("organisation", "Organisation", "Which organisations are shown, by their id", "ovia_ask_index_chunks")
    )
    for part in (_questions, _index, _log):
        made = part(made)
    return made


def _questions(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Questions"))
        .with_panel(
            graph(
                "Questions",
                "Questions answered each second, of all organisations.",
                Series(requests("status", _ASKED), "{{status}}"),
                unit="reqps",
                width=8,
                stacked=True,
            )
        )
        .with_panel(
            graph(
                "Failed questions",
                "Share of questions that Ask itself failed: status 500 and above. An answer that says it found nothing"
                " is none of them.",
                Series(failed_share(_ASKED), "failed"),
                unit="percentunit",
                width=8,
                limit=limits.of("OviaErrorRateHigh"),
            )
        )
        .with_panel(
            graph(
                "Time to an answer",
                "19 of 20 questions took no longer, and half of them, to the end of the answer.",
                Series(quantile(0.95, _ASKED), "p95"),
                Series(quantile(0.5, _ASKED), "median"),
                unit="s",
                width=8,
            )
        )
    )


def _each(name: str) -> Series:
    return Series(f"max by (organisation) (ovia_ask_index_{name}{_CHOSEN})", "{{organisation}}")


def _index(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Index"))
        .with_panel(
            graph(
                "Index behind what is written",
                "Seconds since everything that had changed was in the index. Grows while a pass is under way, and while"
                " sources are read.",
                _each("lag_seconds"),
                unit="s",
                width=8,
                limit=limits.of("OviaAskIndexBehind"),
            )
        )
        .with_panel(
            graph("Sources that wait", "Sources that changed and are not in the index yet.",
                  _each("sources_waiting"), unit="none", width=8)
        )
        .with_panel(
            graph("Sources that cannot be indexed", "They are tried again every hour; the others go on.",
                  _each("sources_failed"), unit="none", width=8, limit=limits.of("OviaAskSourcesFailed"))
        )
        .with_panel(
            graph("Pieces", "Pieces of texts that can be found.", _each("chunks"), unit="none", width=8)
        )
        .with_panel(
            graph("Vectors that are missing", "Pieces that are found by their words only.",
                  _each("vectors_missing"), unit="none", width=8)
        )
        .with_panel(
            graph("Indexing takes", "Seconds the last pass took to bring all words up to date.",
                  _each("seconds"), unit="s", width=4)
        )
        .with_panel(
            graph("Indexing fails", "1 where the last pass ended before its end.",
                  _each("failing"), unit="none", width=4, limit=limits.of("OviaAskIndexFailing"))
        )
    )  # fmt: skip


def _log(made: Dashboard) -> Dashboard:
    return made.with_row(heading("Log")).with_panel(
        logs("What Ask says", "The log of every replica, newest first. No question and no key is in it.",
             '{service="rag"}')
    )  # fmt: skip
