"""What the console is made of: the handlers of every feature, each a folder of its own."""

from typing import Any

from ovia_console.ask import routes as ask
from ovia_console.dashboard import routes as dashboard
from ovia_console.data_health import routes as data_health
from ovia_console.flow import routes as flow
from ovia_console.people import routes as people
from ovia_console.preferences import routes as preferences
from ovia_console.queue import routes as queue
from ovia_console.teams import routes as teams

FEATURES: list[Any] = [
    *dashboard.HANDLERS,
    *flow.HANDLERS,
    *queue.HANDLERS,
    *people.HANDLERS,
    *teams.HANDLERS,
    *ask.HANDLERS,
    *data_health.HANDLERS,
    *preferences.HANDLERS,
]
