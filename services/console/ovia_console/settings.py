"""What the console needs to know: where the other services are, and the key its cookies are sealed with."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from ovia_shared.config.settings import Seconds, ServerSettings


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("expected an address such as http://api:8000")
    return text.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


class ConsoleSettings(ServerSettings):
    """The console has no database: it asks the other services, with the rights of whoever is signed in."""

    api_url: Address = Field(description="where the api service is, such as http://api:8000")
    metrics_url: Address = Field(description="where the metrics service is")
    rag_url: Address = Field(description="where the rag service is")
    console_key: SecretStr = Field(
        min_length=32, description="seals the cookies of those signed in; another one signs everybody out"
    )
    console_secure_cookies: bool = Field(True, description="false only where the gateway speaks plain HTTP")
    console_session_hours: int = Field(12, ge=1, le=24 * 30, description="after so long without a visit, sign in again")
    service_timeout: Seconds = Field(20.0, description="how long a service may take to answer the console")
