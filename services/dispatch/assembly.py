"""The whole model of a case: every kind, then the rules that span resources."""

from grid_models.case import Case
from services.dispatch import balance, reserves
from services.dispatch.formulations import FORMULATIONS
from services.dispatch.model import Model


def build(case: Case) -> Model:
    """The model of a case: every kind, then the rules that span resources."""
    model = Model(case)
    for kind, formulate in FORMULATIONS.items():
        units = [resource for resource in case.everything if resource.kind == kind]  # type: ignore[attr-defined]
        if units:
            formulate(model.block(kind, [unit.name for unit in units]), units)
    reserves.require(model)
    balance.require(model)
    return model
