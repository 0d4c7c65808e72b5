from every_eval.contracts.scenario_names import COMMON_NAMES, MMLU_SUBJECTS


def test_mmlu_has_57_subjects() -> None:  # Hendrycks et al., 2021, section 3
    assert len(set(MMLU_SUBJECTS)) == 57


def test_every_listed_name_is_another_than_the_sources_own_and_in_lower_case() -> None:
    for source, names in COMMON_NAMES.items():
        assert [own for own, common in names.items() if own == common or common != common.lower()] == [], source


def test_a_common_name_has_no_other_common_name() -> None:
    common = {name for names in COMMON_NAMES.values() for name in names.values()}
    assert [(source, name) for source, names in COMMON_NAMES.items() for name in common if name in names] == []
