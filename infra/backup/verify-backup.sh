#!/bin/sh
# verify-backup.sh: restores the newest backup beside the live server and compares the two. Ends with 0 if all is well.
exec ovia-backup run verify
