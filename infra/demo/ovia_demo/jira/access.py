"""Who may see what, and Jira's way of saying no."""

from aiohttp import web

from ovia_demo.organisation.model import Account
from ovia_demo.serving import TOKEN, World, answer, token_of


def refusal(status: int, *messages: str) -> web.Response:
    return answer({"errorMessages": list(messages), "errors": {}}, status)


def known(world: World, request: web.Request, *, cloud: bool) -> bool:
    """Whether the token is right. Cloud takes it as a password, Data Center as a bearer too."""
    token, way = token_of(request)
    return token == TOKEN and "token" not in world.revoked and way in (("basic",) if cloud else ("basic", "bearer"))


def reader(world: World) -> Account:
    """The account that the token belongs to."""
    for person in world.organisation.people:
        account = world.account("jira", person.id)
        if account is not None and account.active:
            return account
    raise LookupError("nobody has an account in Jira")
