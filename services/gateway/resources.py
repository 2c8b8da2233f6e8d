"""What the gateway holds of its own, whichever face it shows: database role, recorder, keys, decisions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.evidence.recorder import Recorder
from services.gateway.capabilities import holders
from services.gateway.decision import Rules
from services.gateway.document import NAME, DocumentApp
from services.gateway.head import hosts_of
from services.gateway.keys import PublicKeys, access_token_keys
from services.gateway.point import DecisionPoint, Lookups
from services.gateway.policy import PolicyTable
from services.gateway.proof_memory import ProofMemory
from services.gateway.tokens import AccessTokens
from services.kernel.clock import Clock
from services.kernel.contracts import check_contract, committed_operations
from services.kernel.database import Database
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile
from services.tables.roles import Role


class GatewayResources:
    """Made once a process; `point` decides and records inside `running()`."""

    def __init__(self, settings: Settings, clock: Clock, table: PolicyTable) -> None:
        master = KeyDirectory(settings.keys).secret(KeyFile.SUBJECTS)
        tokens = AccessTokens(settings.public_url, {})
        self.database = Database(settings, Role.GATEWAY, pool_size=1)
        self.recorder = Recorder(settings, Role.GATEWAY, master, clock)
        self.keys = PublicKeys(access_token_keys(self.database), tokens.verifier, clock)
        rules = Rules(table, tokens, hosts_of(settings.public_url))
        lookups = Lookups(holders(self.database), ProofMemory(self.database).use)
        self.point = DecisionPoint(rules, self.keys, self.recorder, clock, lookups)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.recorder.open()
        try:
            async with self.keys.followed():
                yield
        finally:
            await self.recorder.close()
            await self.database.close()


def committed_table() -> PolicyTable:
    """The policy table that was reviewed.

    Raises:
        ContractMismatchError: it does not hold the gateway's own operation.
    """
    check_contract(NAME, DocumentApp().operations)
    return PolicyTable(committed_operations())
