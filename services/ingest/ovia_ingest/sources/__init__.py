"""What all sources with an HTTP API share: how a connector says what it reads, and the one stream made of that."""
