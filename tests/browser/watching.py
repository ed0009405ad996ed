"""What a browser complains of while a test clicks."""

from playwright.sync_api import ConsoleMessage, Page, Response

# A refusal that a test provokes is also a line in the browser's console: it says nothing the status does not.
_OF_STATUS = ("Failed to load resource: the server responded with a status of", "Response Status Error Code ")


class Watched:
    """Collects errors of scripts, of the security policy, and answers of 5xx that nobody expected."""

    def __init__(self, page: Page) -> None:
        self.expected_failures = False
        self._found: list[str] = []
        page.on("console", self._told)
        page.on("pageerror", lambda error: self._found.append(f"script: {error}"))
        page.on("response", self._answered)

    def check(self) -> None:
        """Fails if there was anything."""
        assert not self._found, self._found

    def _told(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_OF_STATUS):
            self._found.append(message.text)

    def _answered(self, response: Response) -> None:
        if response.status == 500:
            self._found.append(f"{response.status} {response.url}")
