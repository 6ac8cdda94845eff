"""Every table says what it holds of people, and what it says is true of its columns."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import LargeBinary

from ccmanage.core.db import Base
from ccmanage.core.personal import Erasure
from ccmanage.privacy.erasing import BY_SERVICE, OWN
from ccmanage.settings.retention import SETTINGS
from ccmanage.tables import metadata
from tools import data_map

MODELS = sorted((mapper.class_ for mapper in Base.registry.mappers), key=lambda model: model.__tablename__)


def test_every_table_is_looked_at() -> None:
    assert {model.__tablename__ for model in MODELS} == set(metadata.tables)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__tablename__)
def test_a_table_says_what_it_holds_of_people(model: type[Base]) -> None:
    declared = model.__personal__
    assert declared is not None, (
        f"{model.__module__}.{model.__name__} does not say what it holds of people. Put `__personal__ = …` under its "
        "`__tablename__`: ccmanage/core/personal.py tells how, in its first lines."
    )
    columns = set(model.__table__.columns.keys())
    named = {*declared.sealed, *declared.index, *declared.plain, *declared.hidden, *filter(None, [declared.person])}
    assert named <= columns, f"{model.__tablename__} declares columns that it does not have: {named - columns}"
    if declared.sealed:
        assert declared.row in columns, f"{model.__tablename__}: `row` names no column: {declared.row}"
    for column, (sealed, _purpose) in declared.index.items():
        assert sealed in declared.sealed, f"{model.__tablename__}.{column} finds no sealed column"
    if not declared.is_personal:
        return
    assert declared.export or declared.unexported, f"{model.__tablename__}: is it exported, or why not?"
    assert declared.kept, f"{model.__tablename__}: how long is it kept?"
    if declared.on_erasure in {Erasure.DELETE, Erasure.BLANK}:
        assert declared.person, f"{model.__tablename__}: by which column are a person's rows found?"
    if declared.export is not None:
        assert declared.person, f"{model.__tablename__}: by which column are a person's rows found for the export?"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__tablename__)
def test_what_looks_encrypted_is_declared(model: type[Base]) -> None:
    """Else a rotation of the keys would leave it behind."""
    declared = model.__personal__
    binary = {column.name for column in model.__table__.columns if isinstance(column.type, LargeBinary)}
    sealed = {name for name in binary if name.endswith("_sealed") or name == "sealed"}
    assert declared is not None
    assert sealed <= set(declared.sealed), f"{model.__tablename__}: name {sealed} in `sealed` of its declaration"


def test_places_are_used_once() -> None:
    """Two columns in one place would decrypt each other's values."""
    places = [place for model in MODELS for place in (model.__personal__.sealed.values() if model.__personal__ else ())]
    assert len(places) == len(set(places))


def test_rules_of_ones_own_exist() -> None:
    """`Erasure.OWN` without a rule would leave the person's data where it is."""
    own = {
        model.__tablename__ for model in MODELS if model.__personal__ and model.__personal__.on_erasure is Erasure.OWN
    }
    assert own <= set(OWN) | BY_SERVICE, f"say in ccmanage/privacy/erasing.py how: {own - set(OWN) - BY_SERVICE}"


def test_the_data_map_is_up_to_date() -> None:
    assert data_map.TARGET.read_text(encoding="utf-8") == data_map.written(), "run: python -m tools.data_map"


def test_a_setting_that_a_table_names_exists() -> None:
    known = {setting.name for setting in SETTINGS}
    for model in MODELS:
        named = set(re.findall(r"retention\.\w+", model.__personal__.kept if model.__personal__ else ""))
        assert named <= known, f"{model.__tablename__} names settings that do not exist: {named - known}"
