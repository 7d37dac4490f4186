"""Serve records, versions, runs and diffs over HTTP: a JSON API and pages, GET and HEAD only."""

from dagserial.web.app import create_app
from dagserial.web.authorization import BearerTokens, ProxyUser

__all__ = ["BearerTokens", "ProxyUser", "create_app"]
