"""Changes on demand, for tests: records edited, deleted, moved, hidden and shown again, and faults."""

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from ovia_demo.faults import KINDS, Faults, Schedule
from ovia_demo.organisation.code_model import MergeRequest, PageVersion, Ticket
from ovia_demo.organisation.model import Change, History, Issue
from ovia_demo.serving import World, answer


class Wish(msgspec.Struct, kw_only=True):
    """What POST /control takes. `id` is the record's id in its API; `to` is where a move leads."""

    action: str
    kind: str = ""
    id: str | int = ""
    title: str | None = None
    status: str | None = None
    to: str | None = None
    kinds: tuple[str, ...] = KINDS
    share: float = 0.2
    seed: int = 1
    seconds: float = 1.0
    retry_after: int = 1


class BadWish(Exception):
    """Answered with 400 and this sentence."""


class Control:
    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.faults = faults

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/control", self.act), web.get("/control/log", self.log)]

    async def log(self, _request: web.Request) -> web.Response:
        return answer(self.faults.log.shown())

    async def act(self, request: web.Request) -> web.Response:
        acts: dict[str, Callable[[Wish], Any]] = {
            "edit": self._edit,
            "delete": lambda wish: self._set_deleted(wish, deleted=True),
            "move": self._move,
            "revoke": lambda wish: self._hide(wish, hidden=True),
            "restore": self._restore,
            "fault": self._fault,
        }
        try:
            wish = msgspec.json.decode(await request.read(), type=Wish)
            if wish.action not in acts:
                raise BadWish(f"there is no action {wish.action}; there are {', '.join(acts)}")
            done = acts[wish.action](wish)
        except (msgspec.DecodeError, BadWish) as error:
            return answer({"error": str(error)}, 400)
        self.world.forget()
        return answer({"done": wish.action, "now": self.world.clock.now(), "result": done})

    def _record(self, wish: Wish) -> Any:
        """The record meant; deleted ones too."""
        organisation, wanted = self.world.organisation, str(wish.id)
        lists: dict[str, list[Any]] = {
            "issue": organisation.issues, "merge_request": organisation.merge_requests, "page": organisation.pages,
            "blogpost": organisation.pages, "pipeline": organisation.pipelines, "deployment": organisation.deployments,
            "ticket": organisation.tickets, "repository": organisation.repositories,
        }  # fmt: skip
        if wish.kind not in lists:
            raise BadWish(f"there is no kind {wish.kind}; there are {', '.join(lists)}")
        for one in lists[wish.kind]:
            if wanted in (str(one.id), getattr(one, "key", None)):
                return one
        raise BadWish(f"there is no {wish.kind} {wanted}")

    def _edit(self, wish: Wish) -> Any:
        record, now = self._record(wish), self.world.clock.now()
        if wish.kind in ("pipeline", "deployment"):
            record.status, record.updated_at = wish.status or record.status, now
            return record.status
        if wish.kind == "repository":
            record.archived = not record.archived
            return record.archived
        before = record.title
        record.title = wish.title or f"{before} (edited)"
        if isinstance(record, Issue):
            change = Change("summary", "summary", None, before, None, record.title)
            self._remember(record, change)
        elif isinstance(record, MergeRequest | Ticket):
            record.updated_at = now
        else:
            lead = self.world.products[record.product].lead
            number = record.versions[-1].number + 1
            record.versions.append(PageVersion(number=number, at=now, author=lead, message="edited"))
        return record.title

    def _remember(self, issue: Issue, *changes: Change) -> None:
        now = self.world.clock.now()
        self.world.last_history += 1
        lead = self.world.products[issue.product].lead
        issue.histories.append(History(id=self.world.last_history, at=now, author=lead, changes=changes))
        issue.updated_at = now

    def _set_deleted(self, wish: Wish, *, deleted: bool) -> bool:
        self._record(wish).deleted = deleted
        return deleted

    def _move(self, wish: Wish) -> str:
        """An issue to another project, a page to another space, a repository to another path."""
        record = self._record(wish)
        if not wish.to:
            raise BadWish("say where to: `to` is a project key, a space key or a path")
        if wish.kind == "repository":
            record.path = wish.to
            return wish.to
        target = next((one for one in self.world.products.values() if wish.to in (one.key, one.space_key)), None)
        if target is None or wish.kind not in ("issue", "page", "blogpost"):
            raise BadWish(f"a {wish.kind} cannot move to {wish.to}")
        before, record.product = self.world.products[record.product], target.key
        if not isinstance(record, Issue):
            return target.space_key
        numbers = [int(key.rsplit("-", 1)[1]) for key in self.world.issue_ids if key.startswith(f"{target.key}-")]
        old, record.key = record.key, f"{target.key}-{max(numbers, default=0) + 1}"
        record.former_keys.append(old)
        self.world.issue_ids[record.key] = record.id
        project = Change("project", "project", str(before.id), before.name, str(target.id), target.name)
        self._remember(record, project, Change("Key", "", None, old, None, record.key))
        return record.key

    def _hide(self, wish: Wish, *, hidden: bool) -> list[str]:
        """A project, space or repository that the token may not see any more, or the token itself."""
        names = {
            "project": str(wish.id),
            "space": str(wish.id),
            "repository": f"repository/{wish.id}",
            "token": "token",
        }
        if wish.kind not in names:
            raise BadWish(f"only these can be revoked: {', '.join(names)}")
        change = self.world.revoked.add if hidden else self.world.revoked.discard
        change(names[wish.kind])
        return sorted(self.world.revoked)

    def _restore(self, wish: Wish) -> Any:
        """Takes back a deletion, a revocation, or (kind `fault`) the faults."""
        if wish.kind == "fault":
            self.faults.use(None)
            return None
        if wish.kind in ("project", "space", "token"):
            return self._hide(wish, hidden=False)
        if wish.kind == "repository":
            self._hide(wish, hidden=False)
        return self._set_deleted(wish, deleted=False)

    def _fault(self, wish: Wish) -> list[str]:
        unknown = set(wish.kinds) - set(KINDS)
        if unknown:
            raise BadWish(f"there is no fault {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
        schedule = Schedule(
            kinds=wish.kinds, share=wish.share, seed=wish.seed, seconds=wish.seconds, retry_after=wish.retry_after
        )
        self.faults.use(schedule)
        return list(schedule.kinds)
