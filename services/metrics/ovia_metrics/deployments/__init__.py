"""Deployments to production over HTTP, and what people say they caused."""
