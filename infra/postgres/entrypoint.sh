#!/usr/bin/env bash
# Starts the server; makes its cluster first if there is none. Arguments are further arguments of `postgres`.
set -euo pipefail

password=${OVIA_SECRETS_DIR:-/run/secrets}/postgres_superuser_password

# Two servers on one data directory destroy it, and they cannot see each other from container to container: each is process 1
# of its own, so the pid file tells them nothing. A lock on a file of the volume does, and lasts as long as the server.
exec 9>>"${PGDATA%/*}/server.lock"
if ! flock --timeout "${OVIA_POSTGRES_LOCK_SECONDS:-100}" 9; then
    echo "ovia-postgres: another server works on this data directory; this one does not start beside it" >&2
    exit 2
fi

pgbackrest-conf

if [[ ! -s $PGDATA/PG_VERSION ]]; then
    [[ -s $password ]] || { echo "ovia-postgres: the secret postgres_superuser_password is missing" >&2; exit 2; }
    # Nearly always a volume that was lost, or a service that was started on another node. An empty database would be
    # taken for the real one, and could not be archived into that repository anyhow.
    if [[ ${OVIA_POSTGRES_START_EMPTY:-no} != yes ]]; then
        known=$(pgbackrest info --output=json --log-level-console=error) || known='"code":99'
        case $known in
            *'"label":'*)
                echo "ovia-postgres: there is no database here, but the repository holds backups of one. Restore it (docs/15-backup-restore-runbook.md), or start with an empty repository, or set OVIA_POSTGRES_START_EMPTY=yes" >&2
                exit 2
                ;;
            *'"code":99'*)
                echo "ovia-postgres: there is no database here, and the backup repository cannot be read: out of reach, or encrypted with another pgbackrest_cipher_pass. See docs/15-backup-restore-runbook.md, or set OVIA_POSTGRES_START_EMPTY=yes" >&2
                exit 2
                ;;
        esac
    fi
    # Beside its place, so that what an interrupted start left is never taken for a cluster.
    rm -rf "$PGDATA.new"
    initdb --pgdata="$PGDATA.new" --username=postgres --pwfile="$password" --auth-local=peer --auth-host=scram-sha-256 \
        --data-checksums --encoding=UTF8 --locale=C.UTF-8 --locale-provider=builtin --builtin-locale=C.UTF-8 >&2
    mv "$PGDATA.new" "$PGDATA"
    # Without a stanza the archive takes nothing, and the log would grow until the disk is full. Only for a new cluster: a
    # restart must not wait for a repository far away. What goes wrong here the backup service sets right at its start.
    timeout 30 pgbackrest stanza-create --no-online --log-level-console=warn >&2 \
        || echo "ovia-postgres: the backup repository is not ready; the log is kept here until it is" >&2
fi

exec postgres -D "$PGDATA" -c config_file=/etc/postgresql/postgresql.conf \
    -c max_connections="${OVIA_POSTGRES_MAX_CONNECTIONS:-200}" \
    -c shared_buffers="${OVIA_POSTGRES_SHARED_BUFFERS:-512MB}" \
    -c effective_cache_size="${OVIA_POSTGRES_EFFECTIVE_CACHE_SIZE:-1536MB}" \
    -c work_mem="${OVIA_POSTGRES_WORK_MEM:-16MB}" \
    -c maintenance_work_mem="${OVIA_POSTGRES_MAINTENANCE_WORK_MEM:-256MB}" \
    "$@"
