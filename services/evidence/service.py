"""The frame every service stands in: routers, database, recorder, problem handlers and entry, wired once."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from services.evidence.recorder import Recorder
from services.evidence.refusals import FindRefused, install_problem_handlers
from services.kernel.clock import Clock
from services.kernel.database import Database
from services.kernel.http.admission import ServiceEntry
from services.kernel.http.documents import service_document
from services.kernel.http.operation import operations_of
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile

VERSION = "0.1.0"
Lifespan = Callable[["ServiceApp"], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """What makes a service: its name, its database role and pool, its routers, and what lives as long as it.

    `lifespan` runs inside the common one, with `app.state.database` and `app.state.recorder` in place.
    `before` are dependencies (FastAPI's `Depends`) that every request passes first.
    `refused_subject` lets the event of a refusal say what it was about, where that is in the tenant.
    """

    name: str
    role: str
    pool_size: int
    routers: tuple[APIRouter, ...]
    lifespan: Lifespan | None = None
    refused_subject: FindRefused | None = None
    before: tuple[Any, ...] = ()


class ServiceApp(FastAPI):
    """A service. `operations` is what it serves, read from its own OpenAPI document."""

    def __init__(self, definition: ServiceDefinition, settings: Settings, clock: Clock) -> None:
        super().__init__(
            title=f"Redwell {definition.name}",
            version=VERSION,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            lifespan=_lifespan(definition),
        )
        keys = KeyDirectory(settings.keys)
        self.definition = definition
        self.state.settings = settings
        self.state.clock = clock
        self.state.keys = keys
        self.state.database = Database(settings, definition.role, definition.pool_size)
        self.state.recorder = Recorder(settings, definition.role, keys.secret(KeyFile.SUBJECTS), clock)
        for router in definition.routers:
            self.include_router(router, dependencies=definition.before)
        self.operations = operations_of(self, definition.name)
        install_problem_handlers(self, self.operations)

    def openapi(self) -> dict[str, Any]:
        return service_document(self)

    def build_middleware_stack(self) -> ASGIApp:
        return ServiceEntry(super().build_middleware_stack(), self.operations)


def _lifespan(definition: ServiceDefinition) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(app: ServiceApp) -> AsyncIterator[None]:
        await app.state.recorder.open()
        try:
            if definition.lifespan is None:
                yield
            else:
                async with definition.lifespan(app):
                    yield
        finally:
            await app.state.recorder.close()
            await app.state.database.close()

    return run
