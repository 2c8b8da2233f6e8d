"""`redwell serve`: one service in one process, admitted requests only, on addresses that the edge alone reaches."""

import resource

from services.gateway.forward_auth import ForwardAuth
from services.host.composition import FACTORIES, create_service, running
from services.host.door import AssertionDoor
from services.host.health import HealthApp
from services.host.lifespan import Living
from services.host.listeners import BACKLOG, Address, open_sockets
from services.host.readiness import readiness_checks
from services.host.server import Endpoint, serve
from services.kernel.clock import Clock, system_clock
from services.kernel.logs import configure
from services.kernel.settings import Settings
