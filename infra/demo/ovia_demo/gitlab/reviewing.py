"""Merge requests and issues, with all that stands below them."""

from aiohttp import web

from ovia_demo.gitlab.answering import TIMES, Answering, NotThere, Reading, Table
from ovia_demo.gitlab.lists import Listing, respond
from ovia_demo.organisation.code_model import MergeRequest, Ticket
from ovia_demo.serving import answer, encode, whole_number


class Reviewing:
    """Merge requests, their parts, and issues."""

    def __init__(self, gitlab: Answering) -> None:
        self._gitlab = gitlab

    def table(self) -> Table:
        project, one = "/projects/{project}", "/projects/{project}/merge_requests/{iid}"
        return [
            (f"{project}/merge_requests", self.merge_requests),
            (one, self.merge_request),
            (f"{one}/notes", self.notes),
            (f"{one}/approvals", self.approvals),
            (f"{one}/commits", self.commits),
            (f"{one}/diffs", self.diffs),
            (f"{one}/changes", self.changes),
            (f"{one}/resource_state_events", self.merge_request_events),
            (f"{project}/issues", self.tickets),
            (f"{project}/issues/{{iid}}", self.ticket),
            (f"{project}/issues/{{iid}}/notes", self.no_notes),
            (f"{project}/issues/{{iid}}/resource_state_events", self.ticket_events),
        ]

    async def merge_requests(self, request: web.Request) -> web.Response:
        state = request.query.get("state", "all")
        rows = self._gitlab.world.merge_requests.get(self._gitlab.repository(request).id, [])
        rows = [one for one in rows if state in ("all", one.state)]
        orders = {"created_at": lambda row: row.created_at, "updated_at": lambda row: row.updated_at,
                  "merged_at": lambda row: row.merged_at, "title": lambda row: row.title}  # fmt: skip
        times = {**TIMES, "merged_at": lambda row: row.merged_at}
        return self._gitlab.listing(
            request, rows, "merge_request", self._gitlab.of(request).merge_request, orders=orders, times=times
        )

    def _merge_request(self, request: web.Request) -> MergeRequest:
        iid = request.match_info["iid"]
        for one in self._gitlab.world.merge_requests.get(self._gitlab.repository(request).id, []):
            if str(one.iid) == iid and not one.deleted:
                return one
        raise NotThere("Merge Request")

    async def merge_request(self, request: web.Request) -> web.Response:
        return answer(self._gitlab.of(request).merge_request(self._merge_request(request), full=True))

    async def notes(self, request: web.Request) -> web.Response:
        one, payloads = self._merge_request(request), self._gitlab.of(request)
        orders: dict[str, Reading] = {
            "created_at": lambda row: row.at,
            "updated_at": lambda row: row.updated_at,
        }
        listing = Listing(rows=one.notes, encode=lambda note: encode(payloads.note(one, note)), orders=orders)
        return respond(request, listing)

    async def approvals(self, request: web.Request) -> web.Response:
        return answer(self._gitlab.of(request).approvals(self._merge_request(request)))

    async def commits(self, request: web.Request) -> web.Response:
        one, payloads = self._merge_request(request), self._gitlab.of(request)
        rows = list(enumerate(one.commits, 1))
        listing = Listing(
            rows=rows, encode=lambda row: encode(payloads.commit(one, row[1])), orders={"id": lambda row: row[0]}
        )
        return respond(request, listing)

    async def diffs(self, request: web.Request) -> web.Response:
        one, payloads = self._merge_request(request), self._gitlab.of(request)
        rows = list(enumerate(one.files, 1))
        listing = Listing(
            rows=rows,
            encode=lambda row: encode(payloads.diff(row[1])),
            orders={"id": lambda row: row[0]},
            descending=False,
        )
        return respond(request, listing)

    async def changes(self, request: web.Request) -> web.Response:
        one, payloads = self._merge_request(request), self._gitlab.of(request)
        shown = payloads.merge_request(one, full=True)
        return answer({**shown, "changes": [payloads.diff(file) for file in one.files], "overflow": False})

    async def merge_request_events(self, request: web.Request) -> web.Response:
        return answer(self._gitlab.of(request).state_events(self._merge_request(request)))

    async def tickets(self, request: web.Request) -> web.Response:
        rows = self._gitlab.world.tickets.get(self._gitlab.repository(request).id, [])
        state = request.query.get("state", "all")
        orders = {"created_at": lambda row: row.created_at, "updated_at": lambda row: row.updated_at}
        rows = [one for one in rows if state in ("all", one.state)]
        return self._gitlab.listing(
            request, rows, "ticket", self._gitlab.of(request).ticket, orders=orders, times=TIMES
        )

    def _ticket(self, request: web.Request) -> Ticket:
        for one in self._gitlab.world.tickets.get(self._gitlab.repository(request).id, []):
            if str(one.iid) == request.match_info["iid"] and not one.deleted:
                return one
        raise NotThere("Issue")

    async def ticket(self, request: web.Request) -> web.Response:
        return answer(self._gitlab.of(request).ticket(self._ticket(request)))

    async def no_notes(self, request: web.Request) -> web.Response:
        self._ticket(request)
        whole_number(request, "page", 1)
        return answer([])

    async def ticket_events(self, request: web.Request) -> web.Response:
        return answer(self._gitlab.of(request).state_events(self._ticket(request)))
