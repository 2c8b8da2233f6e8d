"""Puts the services together: behind one gateway in one process (embedded), or each alone (`serve`)."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from services.audit.app import create_app as create_audit
from services.auth.app import create_app as create_auth
from services.docs_api.app import create_app as create_docs
from services.evidence.service import ServiceApp
from services.gateway.app import Gateway
from services.host.lifespan import Living
from services.kernel.clock import Clock
from services.kernel.contracts import check_contract
from services.kernel.settings import Settings

FACTORIES: Mapping[str, Callable[[Settings, Clock], ServiceApp]] = {
    "auth": create_auth,
    "docs": create_docs,
    "audit": create_audit,
}


def create_service(name: str, settings: Settings, clock: Clock) -> ServiceApp:
    """One service, checked against the committed contract.

    Raises:
        ContractMismatchError: the code and `contracts/operations.json` disagree.
    """
    app = FACTORIES[name](settings, clock)
    check_contract(name, app.operations)
    return app


def running(app: ServiceApp) -> AbstractAsyncContextManager[object]:
    """The lifespan of a service. Starlette does not run a mounted application's; whoever mounts it must."""
    return app.router.lifespan_context(app)


def create_product(settings: Settings, clock: Clock) -> tuple[Living, list[ServiceApp]]:
    """The whole product as one ASGI application, and the services in it."""
    apps = [create_service(name, settings, clock) for name in FACTORIES]
    gateway = Gateway(settings, clock, {app.definition.name: app for app in apps})

    @asynccontextmanager
    async def live() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in apps:
                await stack.enter_async_context(running(app))
            await stack.enter_async_context(gateway.running())
            yield

    return Living(gateway, live), apps
