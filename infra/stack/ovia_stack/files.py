"""Where things are in a checkout."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
ENV_FILE = CHECKOUT / "infra" / ".env"
ENV_EXAMPLE = CHECKOUT / "infra" / ".env.example"
# Elsewhere for those who keep them on an encrypted disk.
SECRETS = Path(os.environ.get("OVIA_STACK_SECRETS") or CHECKOUT / "infra" / "secrets")
# What is rendered for a deployment, for people to look at; made anew each time.
RENDERED = CHECKOUT / ".ovia" / "stack"

MAIN = CHECKOUT / "docker-compose.swarm.yml"
SCHEDULED = CHECKOUT / "docker-compose.ingest.yml"
S3 = CHECKOUT / "docker-compose.s3.yml"
