"""List every resource that is served: the table from which routes and the description of the API are made."""

from __future__ import annotations

from dagserial.web import dags, service
from dagserial.web.resource import NO_STORE, Resource

RESOURCES: tuple[Resource, ...] = (
    Resource(
        name="index",
        path="/index",
        read=service.index,
        answer=service.Index,
        summary="What there is: links, versions and formats.",
        page="index.html",
    ),
    Resource(
        name="health",
        path="/healthz",
        read=service.health,
        answer=service.Health,
        summary="Whether the store can be read.",
        cache=NO_STORE,
        problems=("store_unavailable",),
    ),
    Resource(
        name="versions",
        path="/-/versions",
        read=service.versions,
        answer=service.Versions,
        summary="The versions of what answers.",
        cache=NO_STORE,
    ),
    Resource(
        name="problems",
        path="/problems",
        read=service.problems,
        answer=service.Problems,
        summary="Every kind of problem.",
    ),
    Resource(
        name="problem",
        path="/problems/{code}",
        read=service.problem,
        answer=service.ProblemKind,
        summary="What a kind of problem is.",
        problems=("not_found",),
    ),
    Resource(
        name="dags",
        path="/dags",
        read=dags.listed,
        answer=dags.DagPage,
        query=dags.DagQuery,
        summary="The DAGs, by id, each as its newest version is.",
        problems=("parameter", "limit", "cursor"),
        page="dags.html",
    ),
)
"""All resources, in the order in which the description of the API lists them."""
