"""What questions are answered with, by what each organisation chose: a planner, a finder of passages, a model."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from ovia_rag.answering.rephrasing import usage_of
from ovia_rag.asking.patience import Hurried
from ovia_rag.asking.serving import SETTING, as_served
from ovia_rag.planning import planner
from ovia_rag.planning.by_model import plan_by_model
from ovia_rag.providers.chat import ChatModel
from ovia_rag.providers.choosing import Providers
from ovia_rag.retrieval.finding import Finder
from ovia_rag.wording.lists import saying
from ovia_shared.database import organisation_settings
from ovia_shared.database.known_quality import KnownQuality
from ovia_shared.database.pool import Connection
from ovia_shared.errors import OviaError
from ovia_shared.models.ask import Filters, Plan, Usage
from ovia_shared.models.ask_settings import AskSettings
from ovia_shared.models.caller import Caller

# A finder remembers vectors of words: of so many choices at a time.
MOST_FINDERS = 100


class Chosen(msgspec.Struct, frozen=True, eq=False):
    """What an organisation's questions are answered with. `notes` say what could not be had, and why."""

    finder: Finder
    model: ChatModel | None
    notes: list[str]


class Understood(msgspec.Struct, frozen=True):
    """A plan, what was asked of a model for it, and what was done without."""

    plan: Plan
    usage: list[Usage] = []
    notes: list[str] = []


class Tools:
    """Shared by all requests of a service."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers
        self._finders: dict[tuple[UUID, bytes], Finder] = {}
        self.known_quality = KnownQuality()

    async def chosen(self, conn: Connection, org_id: UUID) -> Chosen:
        """By the setting `ask`; a choice that cannot be used is done without.

        Passages are found by the model whose vectors serve, which is the one chosen before until those of the one
        chosen now are made.
        """
        settings = await organisation_settings.read(conn, org_id, SETTING, AskSettings)
        notes: list[str] = []
        finder = self._finder(org_id, await as_served(conn, org_id, settings), settings, notes)
        try:
            model = self._providers.chat_model(org_id, settings)
        except OviaError as error:
            notes.append(error.message)
            model = None
        return Chosen(finder, None if model is None else Hurried(model), notes)

    async def understand(
        self, conn: Connection, caller: Caller, question: str, filters: Filters, *, now: datetime, zone: ZoneInfo,
        model: ChatModel | None,
    ) -> Understood:  # fmt: skip
        """The plan of a question: by the model if there is one, else by rules. Raises `InvalidInput`, `NotAllowed`."""
        if model is None:
            plan = await planner.plan(
                conn, caller.org_id, question, filters, now=now, zone=zone, caller_role=caller.role
            )
            return Understood(plan)
        planned = await plan_by_model(
            conn, caller.org_id, question, filters, model=model, now=now, zone=zone, caller_role=caller.role
        )
        usage = [] if planned.completion is None else [usage_of(model, planned.completion)]
        notes = (
            [] if planned.failure is None else [saying("planned_by_rules", planned.plan.language, why=planned.failure)]
        )
        return Understood(planned.plan, usage, notes)

    def _finder(self, org_id: UUID, settings: AskSettings, chosen: AskSettings, notes: list[str]) -> Finder:
        key = (org_id, msgspec.json.encode([settings, chosen]))
        found = self._finders.get(key)
        if found is None:
            found = self._made(org_id, settings, chosen, notes)
            if not notes:
                while len(self._finders) >= MOST_FINDERS:
                    del self._finders[next(iter(self._finders))]
                self._finders[key] = found
        return found

    def _made(self, org_id: UUID, settings: AskSettings, chosen: AskSettings, notes: list[str]) -> Finder:
        try:
            embedder = self._providers.embedder(org_id, settings)
            told = []
            if settings != chosen:
                wanted = chosen.embeddings.model or chosen.embeddings.provider
                told.append(f"the vectors of {wanted} are still being made; those of {embedder.model} were compared")
            return Finder(embedder, self._providers.reranker(org_id, settings), told)
        except OviaError as error:
            notes.append(error.message)
            return Finder(None)
