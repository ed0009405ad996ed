"""Pictures of every page: `make screenshots`."""
