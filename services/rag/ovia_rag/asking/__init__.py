"""Questions over HTTP, and what is kept of them."""
