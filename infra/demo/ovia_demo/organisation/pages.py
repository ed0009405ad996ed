"""Pages, blog posts, their versions and comments, and the few issues that people open in GitLab itself."""

from datetime import datetime, timedelta
from html import escape
from random import Random

from ovia_demo.organisation import texts
from ovia_demo.organisation.code_model import Organisation, Page, PageVersion, Ticket
from ovia_demo.organisation.model import Comment, Person, Product
from ovia_demo.organisation.times import later, office

FIRST_PAGE, FIRST_PAGE_COMMENT, FIRST_TICKET = 98_305, 400_001, 7_001
PAGES_PER_PERSON_AND_MONTH = 0.35
_SHAPES = (
    "How we handle {0}", "{0}: decision record", "Runbook: {0}", "Retrospective {1}", "Meeting notes {1}",
    "Onboarding: {0}",
    "{0}: requirements", "Разбор инцидента {1}", "Регламент: {0}", "Release checklist {1}",
)  # fmt: skip
_PARAGRAPHS = (
    "We looked at three ways &amp; chose the one that needs no new server.",
    "Every change goes through review; nothing is deployed on a Friday afternoon &ndash; except hotfixes.",
    "Ответственный за смену проверяет журнал и записывает отклонения.",
    "If the alarm rings twice within {n} minutes, call the tower first.",
    "Numbers are from the last {n} days, read on the club&rsquo;s own screens.",
    "Open question: who tells the airfield when the interface changes? 🤔",
    "Решение пересмотрим через {n} дней.",
)


def make_pages(seed: str, organisation: Organisation, months: int) -> None:
    """A tree of pages and a blog for each space, numbered by creation."""
    pages: list[tuple[Page, Page | None]] = []
    for product in organisation.products:
        rng = Random(f"{seed}/pages/{product.key}")
        teams = {team.id for team in organisation.teams if team.product == product.key}
        crew = [one for one in organisation.people if one.team in teams] or organisation.people
        home = _page(rng, organisation, product, crew, product.created_at, f"{product.name} Home")
        pages.append((home, None))
        tree = [home]
        for _ in range(max(4, round(len(crew) * months * PAGES_PER_PERSON_AND_MONTH))):
            at = office(rng, organisation.start + (organisation.until - organisation.start) * rng.random())
            if at > organisation.until:
                continue
            month = f"{at:%Y-%m}-{at.day}"
            title = rng.choice(_SHAPES).format(texts.thing(rng, product.key), month)
            page = _page(rng, organisation, product, crew, at, title)
            above = [one for one in tree[:12] if one.created_at < at]
            pages.append((page, rng.choice(above)))
            tree.append(page)
        for number in range(months):
            at = office(rng, organisation.start + timedelta(days=30 * number + rng.randrange(25)))
            if at <= organisation.until:
                post = _page(rng, organisation, product, crew, at, f"News from {product.name}, {at:%B %Y}", "blogpost")
                pages.append((post, None))
    pages.sort(key=lambda pair: (pair[0].created_at, pair[0].product))
    for number, (page, _) in enumerate(pages):
        page.id = FIRST_PAGE + number * 4
    for page, parent in pages:
        page.parent = parent.id if parent is not None else None
    organisation.pages = [page for page, _ in pages]
    _number_comments(organisation.pages)


def _someone(rng: Random, crew: list[Person], at: datetime) -> str:
    there = [one for one in crew if one.joined_at <= at and (one.left_at is None or at < one.left_at)]
    able = [one for one in there if any(account.source == "confluence" for account in one.accounts)]
    return rng.choice(able or crew).id


def _page(
    rng: Random, organisation: Organisation, product: Product, crew: list[Person], at: datetime, title: str,
    kind: str = "page",
) -> Page:  # fmt: skip
    until = organisation.until
    author = _someone(rng, crew, at) if rng.random() > 0.01 else "m-08"
    issues = [one.key for one in rng.sample(organisation.issues, min(3, len(organisation.issues)))]
    page = Page(
        kind=kind, product=product.key, title=title, body=_body(rng, product, issues, _someone(rng, crew, at)),
        created_at=at, versions=[PageVersion(number=1, at=at, author=author, message="")],
        labels=rng.sample(["runbook", "decision", "howto", "архив"], rng.choice((0, 0, 1, 2))),
    )  # fmt: skip
    edited = at
    for number in range(2, 2 + rng.choices((0, 1, 2, 4, 9, 30), (8, 6, 4, 3, 1, 0.1))[0]):
        edited = office(rng, later(rng, edited, 0.2, 400))
        if edited > until:
            break
        message = rng.choice(("", "", "typo", "after the meeting", "уточнил сроки"))
        who = _someone(rng, crew, edited) if rng.random() > 0.04 else "m-07"
        page.versions.append(
            PageVersion(number=number, at=edited, author=who, message=message, minor=rng.random() < 0.2)
        )
    said = at
    for _ in range(rng.choices((0, 1, 2, 4, 30), (8, 5, 3, 1, 0.1))[0]):
        said = office(rng, later(rng, said, 0.5, 200))
        if said > until:
            break
        inline = rng.random() < 0.35
        who = _someone(rng, crew, said)
        page.comments.append(
            Comment(at=said, updated_at=said, author=who, text=texts.remark(rng), inline=inline,
                    resolved=inline and rng.random() < 0.5, parent=0 if page.comments and rng.random() < 0.2 else None)
        )  # fmt: skip
        # A reply stands where the comment stands that it answers.
        if page.comments[-1].parent == 0:
            page.comments[-1].inline = page.comments[-2].inline
    return page


def _body(rng: Random, product: Product, issues: list[str], mentioned: str) -> str:
    """Storage format: XHTML with Confluence's own elements. A mention is written `{{actor}}` until it is served."""
    parts = []
    for heading in rng.sample(["Background", "Decision", "Steps", "Risks", "Итоги", "Next"], rng.randint(2, 4)):
        parts.append(f"<h2>{heading}</h2>")
        parts += [f"<p>{_paragraph(rng)}</p>" for _ in range(rng.randint(1, 3))]
        match rng.randrange(9):
            case 0:
                listed = "".join(f"<li><p>{escape(texts.thing(rng, product.key))}</p></li>" for _ in range(3))
                parts.append(f"<ul>{listed}</ul>")
            case 1:
                parts.append(
                    '<ac:structured-macro ac:name="code" ac:schema-version="1"><ac:parameter ac:name="language">sql'
                    "</ac:parameter><ac:plain-text-body><![CDATA[select count(*) from flights where tow < 600 && 1;]]>"
                    "</ac:plain-text-body></ac:structured-macro>"
                )
            case 2 if issues:
                parts.append(
                    '<p><ac:structured-macro ac:name="jira" ac:schema-version="1"><ac:parameter ac:name="key">'
                    f"{rng.choice(issues)}</ac:parameter></ac:structured-macro></p>"
                )
            case 3:
                parts.append(
                    '<ac:structured-macro ac:name="info"><ac:rich-text-body><p>'
                    f"{_paragraph(rng)}</p></ac:rich-text-body></ac:structured-macro>"
                )
            case 4:
                cells = "".join(
                    f"<tr><td>{n}</td><td>{escape(texts.thing(rng, product.key))}</td></tr>" for n in (1, 2, 3)
                )
                parts.append(f"<table><tbody><tr><th>No</th><th>What</th></tr>{cells}</tbody></table>")
            case 5:
                parts.append(f"<p>Asked {{{{{mentioned}}}}} to have a look.</p>")
            case 6 if issues:
                parts.append(f"<p>See {issues[0]} and {issues[-1]}.</p>")
            case 7:
                parts.append(
                    "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status>"
                    "<ac:task-body>Tell the tower</ac:task-body></ac:task></ac:task-list>"
                )
            case _:
                pass
    return "".join(parts)


def _paragraph(rng: Random) -> str:
    sentences = rng.sample(_PARAGRAPHS, 2)
    return " ".join(one.replace("{n}", str(rng.randint(2, 60))) for one in sentences)


def _number_comments(pages: list[Page]) -> None:
    comments = [(one.at, page.id, one) for page in pages for one in page.comments]
    for number, (_, _, one) in enumerate(sorted(comments, key=lambda part: part[:2])):
        one.id = FIRST_PAGE_COMMENT + number
    for page in pages:
        for before, one in zip([None, *page.comments], page.comments, strict=False):
            if one.parent == 0 and before is not None:
                one.parent = before.id


def make_tickets(seed: str, organisation: Organisation) -> None:
    """A handful of issues in each repository, from people who do not use Jira."""
    writers = [one for one in organisation.people if any(account.source == "gitlab" for account in one.accounts)]
    tickets: list[Ticket] = []
    for repository in organisation.repositories:
        rng = Random(f"{seed}/tickets/{repository.path}")
        for _ in range(rng.randint(4, 12)):
            at = office(rng, organisation.start + (organisation.until - organisation.start) * rng.random() * 0.97)
            closed = later(rng, at, 5, 2000)
            if at > organisation.until:
                continue
            done = closed <= organisation.until
            author, helper = rng.choice(writers).id, rng.choice(writers).id
            tickets.append(
                Ticket(
                    repository=repository.id, title=texts.title(rng, repository.product, "bug"), text=texts.review(rng),
                    state="closed" if done else "opened", author=author if rng.random() > 0.06 else "m-01",
                    assignees=[helper], labels=["bug"] if rng.random() < 0.5 else [], created_at=at,
                    updated_at=closed if done else at, closed_at=closed if done else None,
                    closed_by=helper if done else None,
                )
            )  # fmt: skip
    tickets.sort(key=lambda one: (one.created_at, one.repository))
    used: dict[int, int] = {}
    for number, ticket in enumerate(tickets):
        used[ticket.repository] = used.get(ticket.repository, 0) + 1
        ticket.id, ticket.iid = FIRST_TICKET + number, used[ticket.repository]
    organisation.tickets = tickets
