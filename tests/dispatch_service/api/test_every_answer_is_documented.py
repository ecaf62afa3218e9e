"""Schemathesis asks whatever the document allows: no fault of ours, no answer that is not documented."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from serving import served

from services.dispatch.app import create_app
from services.dispatch.settings import Settings

DOCUMENT = create_app(Settings(auth="off")).openapi()
OPERATIONS = {one.ok().label: one.ok() for one in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NOT_BUILT_YET = 501
"""Documented, and no fault."""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tried")
    chosen = Settings(data_dir=folder, auth="off", log_level="CRITICAL", rate_per_s=1e6, rate_burst=10**6)
    with served(create_app(chosen)) as address:
        yield address


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_documented(label, address):
    @given(case=OPERATIONS[label].as_strategy())
    @settings(
        max_examples=15,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def tried(case):
        response = case.call(base_url=address, timeout=20)
        if response.status_code == NOT_BUILT_YET:
            return
        case.validate_response(response, checks=CHECKS)

    tried()
