"""What may be chosen for a master."""

import json

import pytest

from dsp.errors import InvalidSettings
from dsp.settings import MasterSettings


@pytest.mark.parametrize("sections", ["automatic", "whole", "loudest"])
def test_sections_are_chosen_by_name(sections):
    assert MasterSettings(sections=sections).sections == sections


def test_pairs_of_sections_survive_json():
    settings = MasterSettings(sections=((0, 2), (3, 1)))
    values = settings.as_dict()
    assert values["sections"] == [[0, 2], [3, 1]]
    assert json.loads(json.dumps(values)) == values
    assert MasterSettings.from_dict(values) == settings


@pytest.mark.parametrize(
    "sections",
    ["chorus", "", None, 3, (), [[0]], [[0, 1, 2]], [[0, -1]], [[0, 1.0]], [[True, 1]], [["0", 1]],
     [0, 1], [[0, 1], [0, 1]], {"0": 1}, [[0, 1]] * 1_001],
)  # fmt: skip
def test_other_choices_of_sections_are_refused(sections):
    with pytest.raises(InvalidSettings):
        MasterSettings.from_dict({"sections": sections})
