"""The handlers of flow."""

from typing import Any

from ovia_console.flow import (
    ageing,
    cumulative,
    cycle_time,
    deployments,
    forecasting,
    incidents,
    items,
    row_list,
    sprints,
    value_stream,
)

HANDLERS: list[Any] = [
    ageing.show,
    cycle_time.show,
    cumulative.show,
    items.show,
    value_stream.show,
    row_list.show,
    deployments.show,
    incidents.show,
    incidents.say,
    sprints.show,
    sprints.show_items,
    forecasting.show,
    forecasting.ask,
]
