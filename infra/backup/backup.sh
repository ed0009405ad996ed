#!/bin/sh
# backup.sh full | incremental | dump: makes one now, and lets its result show like that of a scheduled one.
exec ovia-backup run "$@"
