"""Plain pages for people who follow a link from Ovia to the source: one record, and that it is generated."""

from html import escape

from aiohttp import web

from ovia_demo import rendering
from ovia_demo.confluence.contents import Contents, NotFound
from ovia_demo.organisation.model import Text
from ovia_demo.serving import NOTICE, World

_SHEET = (
    "body{font:16px/1.5 sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem}dt{color:#555}dd{margin:0 0 .6rem}"
)


class Browsing:
    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/jira/browse/{key}", self.issue),
            web.get("/jira-dc/browse/{key}", self.issue),
            web.get("/gitlab/{path:.+}/-/merge_requests/{iid}", self.merge_request),
            web.get("/gitlab/{path:.+}/-/pipelines/{id}", self.pipeline),
            web.get("/gitlab/{path:.+}/-/commit/{sha}", self.commit),
            web.get("/confluence/wiki/spaces/{space}/pages/{id}", self.page),
            web.get("/confluence/wiki/spaces/{space}/pages/{id}/{title}", self.page),
            web.get("/confluence-dc/pages/viewpage.action", self.page),
        ]

    def _name(self, actor: str | None) -> str:
        return "nobody" if actor is None else self.world.actors[actor].name

    def _storage(self, text: Text) -> str:
        return rendering.storage(text, lambda actor: escape(f"@{self._name(actor)}"))

    async def issue(self, request: web.Request) -> web.Response:
        one = self.world.issue(request.match_info["key"])
        if one is None:
            raise web.HTTPNotFound(text="There is no such issue.")
        comments = [
            f"<p><b>{escape(self._name(said.author))}</b></p>{self._storage(said.text)}" for said in one.comments
        ]
        facts = {"Type": one.type, "Status": one.status.name, "Assignee": self._name(one.assignee),
                 "Reporter": self._name(one.reporter), "Created": str(one.created_at),
                 "Updated": str(one.updated_at)}  # fmt: skip
        return _shown(f"{one.key} {one.title}", facts, self._storage(one.text) + "".join(comments))

    async def merge_request(self, request: web.Request) -> web.Response:
        repository = self._repository(request)
        for one in self.world.merge_requests.get(repository, []):
            if str(one.iid) == request.match_info["iid"] and not one.deleted:
                facts = {"State": one.state, "Author": self._name(one.author), "Branch": one.source_branch,
                         "Created": str(one.created_at), "Merged": str(one.merged_at or "no")}  # fmt: skip
                notes = "".join(f"<p><b>{escape(self._name(n.author))}</b> {escape(n.text)}</p>" for n in one.notes)
                return _shown(f"!{one.iid} {one.title}", facts, self._storage(one.text) + notes)
        raise web.HTTPNotFound(text="There is no such merge request.")

    async def pipeline(self, request: web.Request) -> web.Response:
        for one in self.world.pipelines.get(self._repository(request), []):
            if str(one.id) == request.match_info["id"] and not one.deleted:
                facts = {"Status": one.status, "Branch": one.ref, "Commit": one.sha, "Created": str(one.created_at)}
                jobs = "".join(f"<p>{escape(job.name)}: {escape(job.status)}</p>" for job in one.jobs)
                return _shown(f"Pipeline {one.id}", facts, jobs)
        raise web.HTTPNotFound(text="There is no such pipeline.")

    async def commit(self, request: web.Request) -> web.Response:
        for made in self.world.merge_requests.get(self._repository(request), []):
            for one in made.commits:
                if one.sha.startswith(request.match_info["sha"]):
                    facts = {"Author": f"{one.author_name} <{one.author_email}>", "Date": str(one.authored_at)}
                    return _shown(one.title, facts, f"<pre>{escape(one.message)}</pre>")
        raise web.HTTPNotFound(text="There is no such commit.")

    def _repository(self, request: web.Request) -> int:
        for one in self.world.repositories.values():
            if one.path == request.match_info["path"] and not one.deleted:
                return one.id
        raise web.HTTPNotFound(text="There is no such project.")

    async def page(self, request: web.Request) -> web.Response:
        contents = Contents(self.world, cloud=True)
        try:
            one = contents.page(request.match_info.get("id") or request.query.get("pageId", ""))
        except NotFound:
            raise web.HTTPNotFound(text="There is no such page.") from None
        facts = {"Author": self._name(one.versions[0].author), "Version": str(len(one.versions)),
                 "Changed": str(one.versions[-1].at)}  # fmt: skip
        return _shown(one.title, facts, contents.body(one))


def _shown(title: str, facts: dict[str, str], body: str) -> web.Response:
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    text = (
        f'<!doctype html><meta charset="utf-8"><title>{escape(title)}</title><style>{_SHEET}</style>'
        f"<p><small>{escape(NOTICE)}</small></p><h1>{escape(title)}</h1><dl>{listed}</dl>{body}"
    )
    return web.Response(text=text, content_type="text/html")
