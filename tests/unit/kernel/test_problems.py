import json
from uuid import UUID

from services.kernel import problems
from services.kernel.problems import MethodNotAllowed, NotFound, RedwellError, StepUpRequired, problem_body


def _leaves(kind: type[RedwellError]) -> list[type[RedwellError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in _leaves(child))]


def test_slugs_are_unique_and_kebab() -> None:
    kinds = [kind for kind in _leaves(RedwellError) if kind is not RedwellError]
    own = [kind for kind in kinds if kind.__module__ == problems.__name__]
    slugs = [kind.slug for kind in own if "slug" in vars(kind)]  # others are told as what they are of
    assert len(set(slugs)) == len(slugs)
    assert all(slug.replace("-", "").islower() for slug in slugs)


def test_a_problem_document_is_rfc_9457() -> None:
    request = UUID("0192f0c1-0000-7000-8000-000000000001")
    assert json.loads(problem_body(NotFound(), request)) == {
        "type": "https://redwell.dev/errors/not-found",
        "title": "There is nothing here for you",
        "status": 404,
        "instance": f"urn:uuid:{request}",
    }


def test_statuses_bring_the_headers_they_demand() -> None:
    assert MethodNotAllowed(("PUT", "GET")).headers() == {"Allow": "GET, PUT"}
    assert 'max_age="300"' in StepUpRequired(300).headers()["WWW-Authenticate"]
