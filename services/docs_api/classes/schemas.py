"""Document classes on the wire."""

from datetime import datetime

from services.docs_api.wire import Line, Slug, Wire


class NewClass(Wire):
    id: Slug
    label: Line


class ClassView(Wire):
    id: str
    label: str
    created_at: datetime


class ClassPage(Wire):
    items: list[ClassView]
    next: str | None
