"""Who is asked by what was chosen, with which key, and how much."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from ovia_rag.providers import spending as purses
from ovia_rag.providers.chat import Completion, Message, Role
from ovia_rag.providers.choosing import Providers, headers
from ovia_rag.providers.embedded import Embedded
from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_shared.config.providers import ProviderKeys
from ovia_shared.config.settings import load
from ovia_shared.database.ask import spending
from ovia_shared.database.pool import Database
from ovia_shared.errors import BadSettings, InvalidInput
from ovia_shared.models.ask_settings import (
    AskSettings,
    EmbeddingChoice,
    EmbeddingProvider,
    ModelChoice,
    ModelProvider,
    RerankChoice,
    RerankProvider,
    Spent,
)
from tests.api.conftest import Organisations
from tests.conftest import OpenDatabase
from tests.rag.providers.conftest import QUICK
from tests.rag.providers.fake_model import MODEL, FakeModel, Misbehaviour

KEY = "sk-of-ours-0123456789"
MESSAGES = [Message(Role.USER, "Is it so?")]
DAY = date(2026, 3, 2)


@pytest.fixture
async def database(open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(purses.Purse, "day", lambda _: DAY)
    return await open_database("ovia_rag")


@pytest.fixture
async def providers_with(database: Database) -> AsyncIterator[Callable[[ProviderKeys], Providers]]:
    made: list[Providers] = []

    def make(keys: ProviderKeys) -> Providers:
        made.append(Providers(keys, database, tempo=QUICK))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
def providers(providers_with: Callable[[ProviderKeys], Providers]) -> Providers:
    return providers_with(_keys())


def _keys(**given: Any) -> ProviderKeys:
    """As the environment would give them."""
    return ProviderKeys(**given)


def settings_for(fake: FakeModel, provider: ModelProvider = ModelProvider.OPENAI) -> AskSettings:
    model = ModelChoice(
        provider=provider, model=MODEL, base_url=fake.base_url, api_version="1", prompt_price=1e6, completion_price=2e6
    )
    return AskSettings(model=model)


async def spent(database: Database, org_id: object) -> Spent:
    async with database.transaction(org_id) as conn:  # type: ignore[arg-type]
        return await spending.spent(conn, org_id, DAY)  # type: ignore[arg-type]


async def test_without_a_choice_nothing_leaves_the_installation(
    providers: Providers, organisations: Organisations
) -> None:
    org_id = organisations[0].id
    assert isinstance(providers.embedder(org_id, AskSettings()), Embedded)
    assert providers.chat_model(org_id, AskSettings()) is None
    assert providers.reranker(org_id, AskSettings()) is None


@pytest.mark.parametrize(
    ("provider", "header", "path"),
    [
        (ModelProvider.OPENAI, "Authorization", "/chat/completions"),
        (ModelProvider.AZURE, "api-key", f"/openai/deployments/{MODEL}/chat/completions?api-version=1"),
        (ModelProvider.ANTHROPIC, "x-api-key", "/v1/messages"),
    ],
)
async def test_a_key_goes_to_the_origins_it_is_for_and_to_no_other(
    providers_with: Callable[[ProviderKeys], Providers],
    organisations: Organisations,
    fake_model: FakeModel,
    provider: ModelProvider,
    header: str,
    path: str,
) -> None:
    key = {f"{provider}_api_key": SecretStr(KEY)}
    for origins, sent in (((fake_model.base_url,), True), (("https://api.elsewhere.example",), False)):
        made = providers_with(_keys(**key, **{f"{provider}_key_origins": origins}))
        model = made.chat_model(organisations[0].id, settings_for(fake_model, provider))
        assert model is not None
        await model.complete(MESSAGES)
        assert (KEY in fake_model.headers[-1].get(header, "")) is sent
        assert (KEY in str(fake_model.headers[-1])) is sent
        assert fake_model.paths[-1] == path


def test_the_providers_own_address_gets_the_key_without_being_named() -> None:
    keys = _keys(openai_api_key=SecretStr(KEY), anthropic_api_key=SecretStr(KEY), azure_api_key=SecretStr(KEY))
    assert headers(keys, "openai", "https://api.openai.com/v1") == {"Authorization": f"Bearer {KEY}"}
    assert headers(keys, "anthropic", "https://api.anthropic.com")["x-api-key"] == KEY
    assert headers(keys, "azure", "https://ours.openai.azure.com") == {}
    for address in (
        "https://api.openai.com.attacker.example/v1",
        "http://api.openai.com/v1",
        "https://api.openai.com:8443/v1",
    ):
        assert headers(keys, "openai", address) == {}


def test_keys_come_from_files_too_and_are_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ovia_openai_api_key").write_text(f"{KEY}\n")
    monkeypatch.setenv("OVIA_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("OVIA_OPENAI_KEY_ORIGINS", "https://one.example/, http://two.example:8080")
    keys = load(ProviderKeys)
    assert keys.openai_api_key is not None
    assert keys.openai_api_key.get_secret_value() == KEY
    assert keys.openai_key_origins == ("https://one.example", "http://two.example:8080")
    assert KEY not in repr(keys)
    # A secret that nobody provided.
    (tmp_path / "ovia_openai_api_key").write_text("\n")
    assert load(ProviderKeys).openai_api_key is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OVIA_OPENAI_KEY_ORIGINS", "https://one.example/v1"),
        ("OVIA_OPENAI_KEY_ORIGINS", "one.example"),
        ("OVIA_OPENAI_KEY_ORIGINS", "https://user@one.example"),
        ("OVIA_ANTHROPIC_API_KEY", "two words"),
    ],
)
def test_a_key_or_an_origin_that_cannot_be_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=name) as raised:
        load(ProviderKeys)
    assert "two words" not in raised.value.message


async def test_an_address_of_the_machine_itself_is_not_asked(
    providers: Providers, organisations: Organisations
) -> None:
    choice = ModelChoice(provider=ModelProvider.OPENAI, model=MODEL, base_url="http://169.254.169.254/v1")
    with pytest.raises(InvalidInput, match="an address of the machine itself"):
        providers.chat_model(organisations[0].id, AskSettings(model=choice))


async def test_what_was_read_and_written_is_put_down_for_its_organisation(
    providers: Providers, organisations: Organisations, fake_model: FakeModel, database: Database
) -> None:
    ours, theirs = (one.id for one in organisations)
    model = providers.chat_model(ours, settings_for(fake_model))
    assert model is not None
    await model.complete(MESSAGES)
    assert await spent(database, ours) == Spent(requests=1, prompt_tokens=11, completion_tokens=5, cost=21.0)
    assert isinstance([piece async for piece in model.stream(MESSAGES)][-1], Completion)
    assert await spent(database, ours) == Spent(requests=2, prompt_tokens=22, completion_tokens=10, cost=42.0)
    assert await spent(database, theirs) == Spent()


async def test_vectors_and_orders_are_put_down_as_estimated(
    providers: Providers, organisations: Organisations, fake_model: FakeModel, database: Database
) -> None:
    org_id = organisations[0].id
    settings = AskSettings(
        embeddings=EmbeddingChoice(
            provider=EmbeddingProvider.OPENAI, model=MODEL, base_url=fake_model.base_url, dimension=256, price=1e6
        ),
        rerank=RerankChoice(provider=RerankProvider.RERANK, model=MODEL, base_url=fake_model.base_url, price=1e6),
    )
    await providers.embedder(org_id, settings).embed(["abc", "abcdef"])
    assert await spent(database, org_id) == Spent(requests=1, prompt_tokens=3, cost=3.0)
    reranker = providers.reranker(org_id, settings)
    assert reranker is not None
    await reranker.rerank("abc", ["abc", "abcdef"])
    assert await spent(database, org_id) == Spent(requests=2, prompt_tokens=8, cost=8.0)


@pytest.mark.parametrize("budget", [{"tokens_per_day": 3_000}, {"cost_per_day": 5_500.0}])
async def test_a_budget_is_never_overdrawn_even_by_many_at_once(
    providers: Providers,
    organisations: Organisations,
    fake_model: FakeModel,
    database: Database,
    budget: dict[str, float],
) -> None:
    settings = msgspec.structs.replace(settings_for(fake_model), **budget)
    model = providers.chat_model(organisations[0].id, settings)
    assert model is not None

    fake_model.misbehaves = Misbehaviour.NOTHING  # Which is charged as it was reserved.
    done = await asyncio.gather(*(model.complete(MESSAGES, max_tokens=1000) for _ in range(10)), return_exceptions=True)
    refused = [one for one in done if isinstance(one, ProviderFailed) and one.failure is Failure.BUDGET_SPENT]
    assert len(refused) == 8
    assert len(fake_model.asked) == 2
    found = await spent(database, organisations[0].id)
    assert found.tokens <= budget.get("tokens_per_day", 10**9)
    assert found.cost <= budget.get("cost_per_day", 10**9)


async def test_who_did_not_take_the_request_is_not_paid(
    providers: Providers, organisations: Organisations, fake_model: FakeModel, database: Database
) -> None:
    fake_model.misbehaves = Misbehaviour.BUSY
    model = providers.chat_model(organisations[0].id, settings_for(fake_model))
    assert model is not None
    with pytest.raises(ProviderFailed):
        await model.complete(MESSAGES)
    assert await spent(database, organisations[0].id) == Spent(requests=1)


async def test_organisations_that_chose_the_same_share_a_breaker_and_not_a_budget(
    providers: Providers, organisations: Organisations, fake_model: FakeModel
) -> None:
    settings = settings_for(fake_model)
    fake_model.misbehaves = Misbehaviour.WRONG_SHAPE
    ours, theirs = (providers.chat_model(one.id, settings) for one in organisations)
    assert ours is not None
    assert theirs is not None
    for _ in range(5):
        with pytest.raises(ProviderFailed):
            await ours.complete(MESSAGES)
    with pytest.raises(ProviderFailed, match="left in peace"):
        await theirs.complete(MESSAGES)
