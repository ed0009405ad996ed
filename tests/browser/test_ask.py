"""Ask: a question, an answer that comes as it is made, and what it rests on."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import SignIn

NUMBER = "How many merge requests were merged last month, compared with the month before?"
ANSWERED = re.compile(r"/console/ask/[0-9a-f-]{36}$")
PLAN = 'event: plan\ndata: {"html":"<h3>Understood as</h3><p>a number</p>"}\n\n'
EVENTS = "**/console/ask/events"


def ask(page: Page, question: str, key: str = "Enter") -> None:
    box = page.get_by_label("Your question")
    box.fill(question)
    box.press(key)


def asked(page: Page, question: str) -> None:
    """Asks, and waits until the whole answer is there."""
    page.goto("/console/ask")
    ask(page, question)
    expect(page.get_by_role("article", name=question)).to_be_visible()


def test_a_number_is_answered_with_receipts_rows_and_the_query(page: Page) -> None:
    asked(page, NUMBER)
    expect(page).to_have_url(ANSWERED)
    answer = page.get_by_role("article")
    expect(answer.get_by_text(re.compile("^(High|Medium|Low) confidence"))).to_be_visible()
    expect(answer.locator(".ask-reasons li").first).to_be_visible()
    answer.get_by_role("link", name="Evidence 1").first.click()
    expect(answer.get_by_text("Rows counted").first).to_be_visible()
    expect(answer.get_by_role("table").first.get_by_role("row").nth(1)).to_be_visible()
    receipt = answer.get_by_role("link", name="The receipt").first
    expect(receipt).to_have_attribute("href", re.compile(r"^/console/receipts/[0-9a-f-]{36}$"))
    rows = answer.get_by_role("link", name="The number, and the rows behind it").first
    expect(rows).to_have_attribute("href", re.compile(r"^/console/kpi/throughput.merge_requests\?from="))
    answer.get_by_text("Show the query").click()
    expect(answer.get_by_text("with the time before")).to_be_visible()
    answer.get_by_text("As JSON").click()
    expect(answer.locator("pre")).to_contain_text('"intent": "metric"')
    page.reload()
    expect(page.get_by_role("article", name=NUMBER)).to_be_visible()


def test_a_passage_is_opened_and_leads_to_its_source(page: Page) -> None:
    asked(page, "payments")
    page.get_by_role("link", name="Evidence 1").first.click()
    expect(page.locator("blockquote").first).to_be_visible()
    source = page.get_by_role("link", name="Open it at its source").first
    expect(source).to_have_attribute("href", re.compile("^https?://"))


def test_words_that_mean_several_things_are_asked_back_and_chosen(page: Page) -> None:
    asked(page, "sprint 12 spillover")
    expect(page.get_by_role("heading", name="What do you mean by “sprint 12”?")).to_be_visible()
    page.get_by_role("button", name=re.compile("^GLD Sprint 12")).click()
    expect(page.get_by_role("article", name=re.compile("^GLD Sprint 12"))).to_be_visible()
    expect(page.locator(".statements li").first).to_contain_text("GLD Sprint 12")


def test_what_nothing_supports_is_refused_with_what_was_looked_at(page: Page) -> None:
    asked(page, "Where is the Fernsehturm wiki?")
    expect(page.get_by_role("heading", name="Nothing supports an answer")).to_be_visible()
    expect(page.get_by_text("passages, of which 0 fit")).to_be_visible()


def test_what_one_may_ask_next_is_asked_by_a_click_and_the_way_back_leads_back(page: Page) -> None:
    asked(page, NUMBER)
    following = page.get_by_role("link", name=re.compile("by team"))
    question = following.inner_text()
    following.click()
    expect(page.get_by_role("article", name=question)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("article", name=NUMBER)).to_be_visible()


def test_chips_narrow_what_is_looked_at_and_stay_chosen(page: Page) -> None:
    page.goto("/console/ask")
    page.get_by_label("Documents").check()
    page.get_by_label("Changed since").fill("2024-01-01")
    page.get_by_label("Name of a person").press_sequentially("юрий")
    page.get_by_role("radio", name=re.compile("Юрий Парамонов")).check()
    ask(page, "payments", "Control+Enter")
    expect(page).to_have_url(ANSWERED)
    page.reload()
    expect(page.get_by_label("Documents")).to_be_checked()
    expect(page.get_by_label("Changed since")).to_have_value("2024-01-01")
    expect(page.get_by_role("radio", name="Юрий Парамонов")).to_be_checked()


def test_a_reader_says_whether_it_helped_and_finds_it_in_the_history(as_role: SignIn) -> None:
    page = as_role("viewer")
    asked(page, "What is blocked?")
    page.get_by_role("button", name="It did not").click()
    expect(page.get_by_text("Kept. Thank you.")).to_be_visible()
    page.get_by_label("What was right or wrong with it").fill("I meant <b>GLD</b>")
    page.get_by_role("button", name="Keep the comment").click()
    expect(page.get_by_role("button", name="It did not")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("What was right or wrong with it")).to_have_value("I meant <b>GLD</b>")
    page.get_by_role("link", name="All questions").first.click()
    row = page.get_by_role("row", name=re.compile("What is blocked"))
    expect(row.first.get_by_role("cell", name="No", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Everybody’s")).to_have_count(0)


def test_a_manager_sees_what_everybody_asked(as_role: SignIn) -> None:
    asked(as_role("viewer"), "What is blocked?")
    page = as_role("manager")
    page.goto("/console/ask/history")
    page.get_by_role("link", name="Everybody’s").click()
    expect(page.get_by_role("columnheader", name="Asked by")).to_be_visible()
    page.get_by_label("Outcome").select_option("answered")
    expect(page).to_have_url(re.compile("everybody=true&outcome=answered"))
    page.get_by_role("link", name="What is blocked?").first.click()
    expect(page.get_by_role("article", name="What is blocked?")).to_be_visible()


def test_an_answer_made_again_says_whether_it_is_the_same(page: Page) -> None:
    asked(page, NUMBER)
    page.get_by_role("button", name="Answer again").click()
    expect(page.get_by_text("it comes out the same")).to_be_visible()
    expect(page.get_by_text("The number is equal to the byte").first).to_be_visible()


def test_it_works_without_scripts(as_role: SignIn) -> None:
    page = as_role("viewer", java_script_enabled=False)
    page.goto("/console/ask")
    page.get_by_label("Your question").fill("What is blocked?")
    page.get_by_role("button", name="Send").click()
    expect(page).to_have_url(ANSWERED)
    page.get_by_role("button", name="It helped").click()
    expect(page.get_by_role("button", name="It helped")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Answer again").click()
    expect(page.get_by_text("Answered again as of the same moment")).to_be_visible()
    page.get_by_label("Name of a person").fill("юрий")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("radio", name=re.compile("Юрий Парамонов"))).to_be_visible()
    expect(page.get_by_label("Your question")).to_have_value("What is blocked?")
    page.get_by_label("Your question").fill("?!")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("the question has no words").first).to_be_visible()


def test_an_answer_that_takes_long_can_be_stopped(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(EVENTS, hold)
    page.goto("/console/ask")
    ask(page, NUMBER)
    expect(page.get_by_text("Looking for an answer …")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    page.unroute(EVENTS)
    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_role("article", name=NUMBER)).to_be_visible()


def test_what_had_come_stays_when_the_connection_breaks(page: Page) -> None:
    said = 'event: text\ndata: {"html":"<li>It was 83.</li>"}\n\n'
    page.route(EVENTS, lambda route: route.fulfill(body=PLAN + said, content_type="text/event-stream"))
    page.goto("/console/ask")
    ask(page, NUMBER)
    expect(page.get_by_text("The connection broke")).to_be_visible()
    expect(page.get_by_text("It was 83.")).to_be_visible()


@pytest.mark.parametrize("status", [429, 503, 504])
def test_a_service_that_is_away_is_told_and_can_be_asked_again(page: Page, status: int) -> None:
    body = f'<div class="state failure" role="alert"><h2>{status}</h2><button form="ask-form">Try again</button></div>'
    page.route(EVENTS, lambda route: route.fulfill(status=status, body=body, content_type="text/html"))
    page.goto("/console/ask")
    ask(page, NUMBER)
    expect(page.get_by_role("alert")).to_contain_text(str(status))
    page.unroute(EVENTS)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("article", name=NUMBER)).to_be_visible()


def test_it_is_asked_and_answered_in_russian_on_a_phone(as_role: SignIn) -> None:
    page = as_role("viewer", locale="ru-RU", viewport={"width": 390, "height": 844})
    page.goto("/console/ask")
    page.get_by_label("Ваш вопрос").fill("Что заблокировано?")
    page.get_by_label("Ваш вопрос").press("Enter")
    expect(page.get_by_role("article", name="Что заблокировано?")).to_be_visible()
    expect(page.get_by_text("Уверенность").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
