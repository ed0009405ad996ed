"""The kinds of panel the dashboards are made of, each with a title, what it means, its queries and its unit."""

from typing import NamedTuple, Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import bargauge, common, loki, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders import logs as log_lines
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as words
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    Panel,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from ovia_dashboards.limits import Limit

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="prometheus")
LOKI = DataSourceRef(type_val="loki", uid="loki")

GRAPH_HEIGHT = 8
NUMBER_HEIGHT = 4

GOOD, BAD, PLAIN = "green", "red", "blue"


class Series(NamedTuple):
    """A query, and what its lines are called: `{{label}}` stands for the label's value."""

    expression: str
    legend: str = "__auto"


class _Panel(Protocol):
    # What the library's panels have in common, though they share no class.
    def title(self, title: str) -> Self: ...
    def description(self, description: str) -> Self: ...
    def datasource(self, datasource: DataSourceRef) -> Self: ...
    def unit(self, unit: str) -> Self: ...
    def height(self, h: int) -> Self: ...
    def span(self, w: int) -> Self: ...
    def thresholds(self, thresholds: Builder[models.ThresholdsConfig]) -> Self: ...
    def with_target(self, target: Builder[Dataquery]) -> Self: ...


P = TypeVar("P", bound=_Panel)


def graph(
    title: str, meaning: str, *series: Series, unit: str, width: int = 12, limit: Limit | None = None,
    stacked: bool = False,
) -> Builder[Panel]:  # fmt: skip
    """Lines over time. A limit is drawn as a dashed line, where an alert fires."""
    drawn = common.GraphThresholdsStyleConfig().mode(
        words.GraphThresholdsStyleMode.DASHED if limit else words.GraphThresholdsStyleMode.OFF
    )
    panel = (
        timeseries.Panel()
        .min(0)
        .line_width(1)
        .fill_opacity(30 if stacked else 8)
        .show_points(words.VisibilityMode.AUTO)
        .legend(
            common.VizLegendOptions()
            .show_legend(True)
            .display_mode(words.LegendDisplayMode.TABLE)
            .placement(words.LegendPlacement.BOTTOM)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(common.VizTooltipOptions().mode(words.TooltipDisplayMode.MULTI).sort(words.SortOrder.DESCENDING))
        .thresholds_style(drawn)
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(words.StackingMode.NORMAL))
    return _filled(panel, title, meaning, series, unit, width, GRAPH_HEIGHT, limit)


def number(
    title: str, meaning: str, *series: Series, unit: str, width: int = 4, limit: Limit | None = None, decimals: int = 0
) -> Builder[Panel]:
    """The latest value in large figures, coloured by its limit; the line behind it says where it came from."""
    panel = (
        stat.Panel()
        .decimals(decimals)
        .color_mode(words.BigValueColorMode.VALUE)
        .graph_mode(words.BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    )
    return _filled(panel, title, meaning, series, unit, width, NUMBER_HEIGHT, limit)


def bars(
    title: str, meaning: str, *series: Series, unit: str, width: int = 12, limit: Limit | None = None,
    maximum: float | None = None,
) -> Builder[Panel]:  # fmt: skip
    """The latest value of each line, as bars beside each other."""
    panel = (
        bargauge.Panel()
        .min(0)
        .orientation(words.VizOrientation.HORIZONTAL)
        .display_mode(words.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    )
    if maximum is not None:
        panel = panel.max(maximum)
    return _filled(panel, title, meaning, series, unit, width, GRAPH_HEIGHT, limit)


def rows(
    title: str, meaning: str, *series: Series, unit: str, width: int = 12, limit: Limit | None = None,
    hidden: tuple[str, ...] = (), height: int = GRAPH_HEIGHT,
) -> Builder[Panel]:  # fmt: skip
    """The latest values in a table, a row for each set of labels; queries beyond the first add columns to its rows."""
    panel = table.Panel().filterable(True)
    for place, one in enumerate(series):
        target = _prometheus(one, place).instant().format(PromQueryFormat.TABLE)
        panel = panel.with_target(target)
    if len(series) > 1:
        panel = panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    names = {f"Value #{_letter(place)}" if len(series) > 1 else "Value": one.legend for place, one in enumerate(series)}
    left_out = dict.fromkeys(("Time", "__name__", "job", "instance", *hidden), True)
    panel = panel.with_transformation(
        DataTransformerConfig(id_val="organize", options={"excludeByName": left_out, "renameByName": names})
    )
    return _filled(panel, title, meaning, (), unit, width, height, limit)


def logs(title: str, meaning: str, expression: str, *, width: int = 24) -> Builder[Panel]:
    """Lines of the containers' logs, newest first."""
    query = loki.Dataquery().expr(expression).datasource(LOKI).ref_id("A").max_lines(200)
    return (
        log_lines.Panel()
        .title(title)
        .description(meaning)
        .datasource(LOKI)
        .show_time(True)
        .wrap_log_message(True)
        .enable_log_details(True)
        .sort_order(words.LogsSortOrder.DESCENDING)
        .height(10)
        .span(width)
        .with_target(query)
    )


def _filled(
    panel: P, title: str, meaning: str, series: tuple[Series, ...], unit: str, width: int, height: int,
    limit: Limit | None,
) -> P:  # fmt: skip
    panel = panel.title(title).description(meaning).datasource(PROMETHEUS).unit(unit).height(height).span(width)
    panel = panel.thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(_steps(limit)))
    for place, one in enumerate(series):
        panel = panel.with_target(_prometheus(one, place).range())
    return panel


def _prometheus(one: Series, place: int) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(one.expression).legend_format(one.legend).datasource(PROMETHEUS)
    return query.ref_id(_letter(place))


def _letter(place: int) -> str:
    return chr(ord("A") + place)


def _steps(limit: Limit | None) -> list[Threshold]:
    # A step without a value reaches down to minus infinity.
    if limit is None:
        return [Threshold(value=None, color=PLAIN)]
    base, beyond = (BAD, GOOD) if limit.below else (GOOD, BAD)
    # Grafana changes colour at the value itself, an alert fires beyond it: what must not be above 0 may not be 1.
    return [Threshold(value=None, color=base), Threshold(value=limit.value or 1, color=beyond)]
