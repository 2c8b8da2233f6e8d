"""What may be done (`Scope`), and which role may do it.

Roles are data over one enum of scopes. A role's scopes hold in the member's own organization; when a
provider's member acts for a firm, `ACTING_SCOPES` says what is left of them, and the grant decides the rest.
"""

from enum import StrEnum
from types import MappingProxyType


class Scope(StrEnum):
    """Named `noun:verb`. A scope says that a person of this kind may ask; the vault's queries decide."""

    SELF = "self:use"
    ORGANIZATION_CREATE = "organization:create"
    ORGANIZATION_LIST = "organization:list"
    ORGANIZATION_QUOTA = "organization:quota"
    MEMBER_INVITE = "member:invite"
    MEMBER_LIST = "member:list"
    FACTOR_RESET = "factor:reset"
    MEMBER_MANAGE = "member:manage"
    MEMBER_COUNTRY = "member:country"
    CLIENT_MANAGE = "client:manage"
    TEAM_MANAGE = "team:manage"
    POLICY_MANAGE = "policy:manage"
    ENGAGEMENT_MANAGE = "engagement:manage"
    ENGAGEMENT_READ = "engagement:read"
    CLASS_MANAGE = "class:manage"
    CLASS_READ = "class:read"
    MATTER_CREATE = "matter:create"
    MATTER_READ = "matter:read"
    MATTER_STAFF = "matter:staff"
    MATTER_EXPORT = "matter:export"
    QUOTA_MANAGE = "quota:manage"
    GRANT_MANAGE = "grant:manage"
    GRANT_READ = "grant:read"
    GRANT_OWN = "grant:own"
    ACCESS_REQUEST = "access:request"
    HOLD_MANAGE = "hold:manage"
    HOLD_READ = "hold:read"
    CONSENT_READ = "consent:read"
    CONSENT_RECORD = "consent:record"
    NDA_READ = "nda:read"
    NDA_SIGN = "nda:sign"
    DOCUMENT_WRITE = "document:write"
    DOCUMENT_LIST = "document:list"
    DOCUMENT_READ = "document:read"
    QUARANTINE_RELEASE = "quarantine:release"
    UPLOAD_MEND = "upload:mend"
    LOG_READ = "log:read"
    LOG_EXPORT = "log:export"


class Role(StrEnum):
    FIRM_ADMIN = "firm_admin"
    ATTORNEY = "attorney"
    FIRM_STAFF = "firm_staff"
    PROVIDER_ADMIN = "provider_admin"
    PROVIDER_LEAD = "provider_lead"
    PARALEGAL = "paralegal"
    COMPLIANCE_OFFICER = "compliance_officer"
    OPERATOR = "operator"
    CLIENT = "client"
    """A program. It holds no other role, and of this one's scopes only those that it was given."""


class OrganizationKind(StrEnum):
    FIRM = "firm"
    PROVIDER = "provider"
    PLATFORM = "platform"


_PEOPLE = {Scope.SELF, Scope.MEMBER_INVITE, Scope.MEMBER_LIST, Scope.MEMBER_MANAGE}
_ADMINISTRATION = _PEOPLE | {Scope.ENGAGEMENT_READ, Scope.CLIENT_MANAGE, Scope.TEAM_MANAGE}
_ADMINISTRATION |= {Scope.POLICY_MANAGE}
_CONTENT_READING = {Scope.CLASS_READ, Scope.MATTER_READ, Scope.DOCUMENT_LIST, Scope.DOCUMENT_READ}
_CASE_READING = _CONTENT_READING | {Scope.SELF}

ROLE_SCOPES = MappingProxyType(
    {
        Role.FIRM_ADMIN: frozenset(
            _ADMINISTRATION
            | {Scope.ENGAGEMENT_MANAGE, Scope.CLASS_MANAGE, Scope.CLASS_READ, Scope.NDA_READ}
            | {Scope.QUOTA_MANAGE}
        ),
        Role.ATTORNEY: frozenset(
            _CASE_READING
            | {
                Scope.MEMBER_LIST,
                Scope.ENGAGEMENT_READ,
                Scope.MATTER_CREATE,
                Scope.MATTER_STAFF,
                Scope.MATTER_EXPORT,
                Scope.GRANT_MANAGE,
                Scope.GRANT_READ,
                Scope.HOLD_MANAGE,
                Scope.HOLD_READ,
                Scope.DOCUMENT_WRITE,
                Scope.QUARANTINE_RELEASE,
                Scope.NDA_READ,
                Scope.CONSENT_READ,
                Scope.CONSENT_RECORD,
            }
        ),
        Role.FIRM_STAFF: frozenset(
            _CASE_READING | {Scope.DOCUMENT_WRITE, Scope.CONSENT_READ, Scope.CONSENT_RECORD}
        ),
        Role.PROVIDER_ADMIN: frozenset(_ADMINISTRATION | {Scope.MEMBER_COUNTRY}),
        Role.PROVIDER_LEAD: frozenset({Scope.SELF, Scope.MEMBER_LIST, Scope.ENGAGEMENT_READ}),
        Role.PARALEGAL: frozenset({Scope.SELF}),
        Role.COMPLIANCE_OFFICER: frozenset(
            {
                Scope.SELF,
                Scope.MEMBER_LIST,
                Scope.GRANT_READ,
                Scope.HOLD_READ,
                Scope.LOG_READ,
                Scope.LOG_EXPORT,
            }
        ),
        Role.OPERATOR: frozenset(
            _PEOPLE
            | {Scope.ORGANIZATION_CREATE, Scope.ORGANIZATION_LIST, Scope.FACTOR_RESET, Scope.UPLOAD_MEND}
            | {Scope.ORGANIZATION_QUOTA}
        ),
        # Only what is of a matter that it was put on: nothing of the whole firm but its vocabulary, nothing
        # that extends its own reach, and nothing that a person must stand for.
        Role.CLIENT: frozenset(
            _CONTENT_READING | {Scope.DOCUMENT_WRITE, Scope.CONSENT_READ, Scope.GRANT_READ, Scope.HOLD_READ}
        ),
    }
)

ACTING_SCOPES = MappingProxyType(
    {
        Role.PARALEGAL: frozenset(
            _CASE_READING | {Scope.GRANT_OWN, Scope.ACCESS_REQUEST, Scope.NDA_READ, Scope.NDA_SIGN}
        ),
        Role.CLIENT: frozenset(_CONTENT_READING),
    }
)
"""What a provider's role may ask for while acting for a firm. Nobody else acts for another organization."""

ROLES_OF_KIND = MappingProxyType(
    {
        OrganizationKind.FIRM: frozenset(
            {Role.FIRM_ADMIN, Role.ATTORNEY, Role.FIRM_STAFF, Role.COMPLIANCE_OFFICER}
        ),
        OrganizationKind.PROVIDER: frozenset(
            {Role.PROVIDER_ADMIN, Role.PROVIDER_LEAD, Role.PARALEGAL, Role.COMPLIANCE_OFFICER}
        ),
        OrganizationKind.PLATFORM: frozenset({Role.OPERATOR}),
    }
)


def scopes_of(roles: frozenset[Role], *, acting_for_another: bool) -> frozenset[Scope]:
    """The union of the roles' scopes, as they hold at home or while acting for another organization."""
    table = ACTING_SCOPES if acting_for_another else ROLE_SCOPES
    return frozenset().union(*(table.get(role, frozenset()) for role in roles))
