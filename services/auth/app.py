"""The auth service: put together from its routers, its two database roles and its keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.auth.bulk.routes import router as bulk
from services.auth.clients.routes import router as clients
from services.auth.credentials.routes import router as credentials
from services.auth.devices.routes import router as devices
from services.auth.enrolment.routes import router as enrolment
from services.auth.externals.routes import router as externals
from services.auth.identity import IdentityKeys
from services.auth.mail.courier import Courier, public_host
from services.auth.mail.transport import open_transport
from services.auth.members.routes import router as members
from services.auth.oauth.routes import router as oauth
from services.auth.organizations.routes import router as organizations
from services.auth.policies.places import Places
from services.auth.policies.routes import router as policies
from services.auth.proofs.routes import router as proofs
from services.auth.resets.routes import router as resets
from services.auth.resources import Resources
from services.auth.sessions.routes import router as sessions
from services.auth.teams.routes import router as teams
from services.auth.tokens import TokenMint
from services.evidence.service import ServiceApp, ServiceDefinition
from services.kernel.clock import Clock, system_clock
from services.kernel.database import Database
from services.kernel.settings import Settings
from services.keys.files import KeyFile
from services.keys.generations import CurrentKey
from services.keys.passwords import PasswordHasher
from services.tables.roles import Role

_ROUTERS = (
    enrolment,
    sessions,
    credentials,
    members,
    organizations,
    resets,
    oauth,
    clients,
    teams,
    externals,
    bulk,
    devices,
    proofs,
    policies,
)


def create_app(settings: Settings, clock: Clock = system_clock) -> ServiceApp:
    """The service. Its own connections are 3; secrets' places, the recorder and the courier have one each.

    Raises:
        KeyFileError: a key file is missing or damaged.
        PlacesFileError: the file of addresses' countries cannot be used.
    """
    app = ServiceApp(ServiceDefinition("auth", Role.AUTH, 3, _ROUTERS, _live), settings, clock)
    keys = app.state.keys
    app.state.auth = Resources(
        settings=settings,
        signin=Database(settings, Role.SIGNIN, 1),
        keys=IdentityKeys(keys.secret(KeyFile.IDENTITY).key),
        mint=TokenMint(settings, CurrentKey(keys, KeyFile.TOKEN)),
        hasher=PasswordHasher(),
        mail=open_transport(settings, public_host(settings)),
        places=Places.open(settings.address_countries) if settings.address_countries else None,
    )
    return app


@asynccontextmanager
async def _live(app: ServiceApp) -> AsyncIterator[None]:
    resources: Resources = app.state.auth
    courier = (
        Courier(resources.settings, resources.keys, resources.mail, app.state.recorder)
        if resources.mail is not None
        else None
    )
    if courier is not None:
        courier.start()
    try:
        yield
    finally:
        if courier is not None:
            await courier.stop()
        resources.hasher.close()
        if resources.places is not None:
            resources.places.close()
        await resources.signin.close()
