#!/usr/bin/env bash
# Writes pgBackRest's settings, secrets included, to the file that PGBACKREST_CONFIG names: on a tmpfs, for its owner's
# eyes. From the environment (docs/15-backup-restore-runbook.md lists it) and from secret files.
set -euo pipefail
# A fault inside $( ) ends the script too.
shopt -s inherit_errexit

secrets=${OVIA_SECRETS_DIR:-/run/secrets}
repository=${OVIA_BACKUP_REPOSITORY:-posix}
target=${PGBACKREST_CONFIG:-/tmp/pgbackrest.conf}

fail() {
    echo "pgbackrest-conf: $*" >&2
    exit 2
}

# secret NAME WHY: the first line of a secret file.
secret() {
    [[ -r $secrets/$1 ]] || fail "the secret $1 is missing ($secrets/$1): $2"
    local value
    read -r value <"$secrets/$1" || [[ -n ${value:-} ]] || fail "the secret $1 is empty: $2"
    [[ -n $value ]] || fail "the secret $1 is empty: $2"
    printf '%s' "$value"
}

required() {
    [[ -n ${!1:-} ]] || fail "$1 is needed when OVIA_BACKUP_REPOSITORY is $repository"
    printf '%s' "${!1}"
}

# number NAME DEFAULT
number() {
    local value=${!1:-$2}
    [[ $value =~ ^[1-9][0-9]{0,3}$ ]] || fail "$1 must be a number from 1 to 9999"
    printf '%s' "$value"
}

# Without it the repository can be neither read nor added to, so it is asked for before anything else.
cipher=$(secret pgbackrest_cipher_pass "backups are encrypted with it, and cannot be read without it")
keep_full=$(number OVIA_BACKUP_KEEP_FULL 4)
process_max=$(number OVIA_BACKUP_PROCESSES 2)

# common NUMBER: what holds for a repository wherever it is.
common() {
    cat <<END
repo$1-cipher-type=aes-256-cbc
repo$1-cipher-pass=$cipher
repo$1-bundle=y
repo$1-block=y
repo$1-retention-full=$keep_full
END
    # Without it, the log is kept as long as the full backups it belongs to: each moment since can be restored.
    [[ -z ${OVIA_BACKUP_KEEP_ARCHIVE:-} ]] || echo "repo$1-retention-archive=$(number OVIA_BACKUP_KEEP_ARCHIVE 4)"
}

posix() {
    echo "repo$1-type=posix"
    echo "repo$1-path=/var/lib/pgbackrest"
    common "$1"
}

s3() {
    local endpoint bucket region key key_secret
    endpoint=$(required OVIA_BACKUP_S3_ENDPOINT)
    bucket=$(required OVIA_BACKUP_S3_BUCKET)
    region=$(required OVIA_BACKUP_S3_REGION)
    key=$(secret pgbackrest_s3_key "it opens the bucket")
    key_secret=$(secret pgbackrest_s3_key_secret "it opens the bucket")
    cat <<END
repo$1-type=s3
repo$1-path=${OVIA_BACKUP_S3_PATH:-/ovia}
repo$1-s3-endpoint=$endpoint
repo$1-s3-bucket=$bucket
repo$1-s3-region=$region
repo$1-s3-uri-style=${OVIA_BACKUP_S3_URI_STYLE:-path}
repo$1-s3-key=$key
repo$1-s3-key-secret=$key_secret
END
    [[ -z ${OVIA_BACKUP_S3_PORT:-} ]] || echo "repo$1-storage-port=$(number OVIA_BACKUP_S3_PORT 443)"
    [[ -z ${OVIA_BACKUP_S3_CA_FILE:-} ]] || echo "repo$1-storage-ca-file=$OVIA_BACKUP_S3_CA_FILE"
    common "$1"
}

case $repository in
    posix) repositories=$(posix 1) ;;
    s3) repositories=$(s3 1) ;;
    both) repositories=$(posix 1; s3 2) ;;
    *) fail "OVIA_BACKUP_REPOSITORY must be posix (a volume), s3 or both" ;;
esac

# A backup begins with waiting for the log before it. After gigabytes were written at once, as by a first read, that is long.
umask 077
cat >"$target.new" <<END
[global]
$repositories
compress-type=zst
compress-level=3
process-max=$process_max
start-fast=y
archive-timeout=600
lock-path=/tmp/pgbackrest
log-level-file=off
log-level-console=info
log-timestamp=n
spool-path=/var/spool/pgbackrest

[global:archive-push]
archive-async=y

[${PGBACKREST_STANZA:-ovia}]
pg1-path=${PGDATA:-/var/lib/postgresql/data/pgdata}
pg1-socket-path=/var/run/postgresql
END
mv "$target.new" "$target"
