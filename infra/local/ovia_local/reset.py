"""Back to the state of a fresh checkout."""

import contextlib
import os
import shutil
import signal

from ovia_local.errors import StackError
from ovia_local.postgres import EmbeddedPostgres
from ovia_local.state import State

STOP_SECONDS = 60.0


def delete_data(state: State) -> None:
    """Stop the stack that uses this state, if any, and delete what it kept. What is not its own is left
    alone.

    Raises:
        StackError: it does not stop, or something cannot be deleted.
    """
    if not state.directory.is_dir():
        return
    holder = state.holder()
    if holder is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(holder, signal.SIGTERM)
    try:
        with state.held(patience=STOP_SECONDS):
            EmbeddedPostgres(state.postgres).stop_leftover()
            for kept in state.contents():
                if kept.is_dir():
                    shutil.rmtree(kept)
    except OSError as error:
        raise StackError(f"{error.filename or state.directory} cannot be deleted: {error.strerror}.") from None
