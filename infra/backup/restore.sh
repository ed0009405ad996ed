#!/bin/sh
# restore.sh --latest | --to-time TIME | --to-point NAME [--side-database NAME] [--replace]: see docs/15-backup-restore-runbook.md.
exec ovia-backup restore "$@"
