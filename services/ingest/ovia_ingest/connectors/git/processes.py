"""git as child processes: no shell, a reduced environment, output by pipe, and nothing left running."""

import asyncio
import contextlib
import fcntl
import os
import signal
import tempfile
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import IO

from ovia_shared.errors import SourceError, SourceFault

READ_BYTES = 512 * 1024
PIPE_BYTES = 1024 * 1024
KEPT_ERROR_BYTES = 16 * 1024

# What an operator sets to let git through a proxy, a private certificate authority or an SSH agent.
_INHERITED = (
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LD_LIBRARY_PATH", "GIT_EXEC_PATH"),
    *("SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"),
)

_FIXED = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    # History as it was written: replacement refs and grafts would show another one.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    # A partial clone would fetch what it lacks with commands its own configuration names.
    "GIT_NO_LAZY_FETCH": "1",
}

_CONFIG = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    # It keeps 34 bits of a date: once written, wrong clocks come in another order, and a resumed walk would skip.
    "core.commitGraph": "false",
    "core.askPass": "false",
    "credential.helper": "",
    "protocol.ext.allow": "never",
    "gc.autoDetach": "false",
    "maintenance.autoDetach": "false",
    "transfer.fsckObjects": "false",
    "fetch.fsckObjects": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
}


def environment(
    protocols: str, variables: Mapping[str, str] | None = None, config: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of one git command. `protocols`: what it may reach, colon-separated, or `none`.

    `config` goes by environment too: the argument list is visible to every user of the machine.
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    inherited.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=30")
    if "SSL_CERT_FILE" in inherited:
        inherited.setdefault("GIT_SSL_CAINFO", inherited["SSL_CERT_FILE"])
    settings = {**_CONFIG, **(config or {})}
    numbered: dict[str, str] = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        numbered[f"GIT_CONFIG_KEY_{number}"] = key
        numbered[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**inherited, **_FIXED, "GIT_ALLOW_PROTOCOL": protocols, **(variables or {}), **numbered}


class Finished(Exception):
    """A git command that ended badly: its exit status and the end of what it said."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"git ended with status {status}")
        self.status = status
        self.said = said


class _Outlet:
    """The reading end of a pipe whose writing end a child gets."""

    def __init__(self, size: int) -> None:
        read_end, self.write_end = os.pipe()
        # Of the object, not of the number: closed twice, a number may be somebody else's by then.
        self._pipe = os.fdopen(read_end, "rb", buffering=0)
        # A larger pipe spares switches between the programs; where the system refuses, the usual one does.
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(read_end, fcntl.F_SETPIPE_SZ, size)
        self._transport: asyncio.ReadTransport | None = None
        self.reader = asyncio.StreamReader(limit=READ_BYTES)

    async def connect(self) -> None:
        """Starts reading. The child must have its end already: ours of it is closed here."""
        os.close(self.write_end)
        self.write_end = -1
        self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self.reader), self._pipe
        )

    def close(self) -> None:
        if self.write_end >= 0:
            os.close(self.write_end)
        if self._transport is not None:
            self._transport.close()
        else:
            # Cancelled while it connected, asyncio closes it too.
            self._pipe.close()


async def _last_words(reader: asyncio.StreamReader) -> str:
    kept = b""
    while said := await reader.read(KEPT_ERROR_BYTES):
        kept = (kept + said)[-KEPT_ERROR_BYTES:]
    return kept.decode(errors="replace").strip()


async def output(
    *commands: Sequence[str], env: Mapping[str, str], lines: Iterable[str] = (), directory: str = "/"
) -> AsyncGenerator[bytes]:
    """Runs git commands as one pipeline and yields what the last one prints, in chunks as they come.

    `lines` go to the standard input of the first. All children are dead and reaped when the iterator ends, is
    closed or is cancelled. Raises `Finished` for the first command of the line that failed, `SourceError` where
    git cannot be started.
    """
    # asyncio's own pipes are not used: waiting for a child whose unread output is paused would never end.
    pipeline = _Pipeline()
    try:
        await pipeline.start(commands, env, lines, directory)
        while chunk := await pipeline.printed.reader.read(READ_BYTES):
            yield chunk
        await pipeline.finish()
    finally:
        await pipeline.stop()


class _Pipeline:
    def __init__(self) -> None:
        self._children: list[asyncio.subprocess.Process] = []
        self._outlets: list[_Outlet] = []
        self._words: list[asyncio.Task[str]] = []
        self.printed = self._outlet(PIPE_BYTES)

    def _outlet(self, size: int) -> _Outlet:
        outlet = _Outlet(size)
        self._outlets.append(outlet)
        return outlet

    async def start(
        self, commands: Sequence[Sequence[str]], env: Mapping[str, str], lines: Iterable[str], directory: str
    ) -> None:
        with contextlib.ExitStack() as ours:
            # A file, not a pipe: nobody has to feed it while the output is read.
            stdin: IO[bytes] = ours.enter_context(tempfile.TemporaryFile())
            stdin.writelines(line.encode() + b"\n" for line in lines)
            stdin.seek(0)
            for number, command in enumerate(commands, 1):
                if number == len(commands):
                    await self._spawn(command, env, stdin, self.printed.write_end, directory)
                    break
                read_end, write_end = os.pipe()
                following = ours.enter_context(os.fdopen(read_end, "rb", buffering=0))
                with os.fdopen(write_end, "wb", buffering=0):
                    await self._spawn(command, env, stdin, write_end, directory)
                stdin = following
        await self.printed.connect()

    async def _spawn(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        stdin: IO[bytes] | int,
        stdout: int,
        directory: str,
    ) -> None:
        errors = self._outlet(KEPT_ERROR_BYTES)
        try:
            # A session of its own: git starts programs (ssh, index-pack) that must end with it.
            child = await asyncio.create_subprocess_exec(
                "git",
                *command,
                stdin=stdin,
                stdout=stdout,
                stderr=errors.write_end,
                env=dict(env),
                cwd=directory,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise SourceError(
                "git is not installed or not on PATH; install git 2.31 or newer", fault=SourceFault.FATAL
            ) from None
        except OSError as error:
            raise SourceError(f"git cannot be started: {error.strerror}", fault=SourceFault.RETRIABLE) from None
        self._children.append(child)
        await errors.connect()
        self._words.append(asyncio.create_task(_last_words(errors.reader)))

    async def finish(self) -> None:
        for child, words in zip(self._children, self._words, strict=True):
            said = await words
            status = await child.wait()
            if status:
                raise Finished(status, said)

    async def stop(self) -> None:
        for child in self._children:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
        for outlet in self._outlets:
            outlet.close()
        for words in self._words:
            words.cancel()
        await asyncio.gather(*self._words, *(child.wait() for child in self._children), return_exceptions=True)
