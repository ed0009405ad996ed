"""Teams of the sample organisation: no source knows them, so they are told to Ovia as anybody would tell them."""

import asyncio
from uuid import UUID

from rich.console import Console

from ovia_local import programs
from ovia_local.database import Access
from ovia_local.files import fresh_log
from ovia_local.ports import LOOPBACK
from ovia_local.processes import in_words, tied_to_us
from ovia_local.state import State

TOLD = "teams_told"


async def tell(state: State, port: int, access: Access, console: Console) -> None:
    """Once for each organisation: what its people change or delete afterwards stays so. A failure ends nothing else."""
    if _told(state) == access.org_id:
        return
    command = [programs.executable("ovia-demo"), "seed", "--url", f"http://{LOOPBACK}:{port}"]
    with fresh_log(state.log("sample-teams")) as log:
        process = await asyncio.create_subprocess_exec(
            *tied_to_us(command),
            env=programs.environment({"OVIA_TOKEN": access.token}),
            stdout=log.fileno(),
            stderr=log.fileno(),
        )
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if code == 0:
        state.hand_over("sample", TOLD, str(access.org_id))
    else:
        console.print(
            f"The teams of the sample organisation are not all there ({in_words(code)}); the next run tries again. "
            f"{state.log('sample-teams')} says what it was.",
            style="yellow",
        )


def _told(state: State) -> UUID | None:
    kept = state.secrets_of("sample") / TOLD
    return UUID(kept.read_text()) if kept.exists() else None
