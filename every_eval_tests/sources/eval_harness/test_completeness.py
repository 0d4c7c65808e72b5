from every_eval.sources.eval_harness.completeness import TaskCompleteness


def test_a_subset_has_a_variant_of_its_own() -> None:
    few = TaskCompleteness(chosen=(0, 3))
    variants = {item.variant("quiz:n_shot=0") for item in (few, TaskCompleteness(chosen=(0, 4)), TaskCompleteness())}
    assert len(variants) == 3
    assert few.variant("quiz:n_shot=0").startswith("quiz:n_shot=0,samples=2-")
    assert few.variant("quiz").startswith("quiz:samples=2-")
    assert TaskCompleteness().variant("quiz") == "quiz"


def test_a_group_lacks_what_its_tasks_lack() -> None:
    members = {
        "a": TaskCompleteness(),
        "b": TaskCompleteness(2, "2 rows could not be read"),
        "c": TaskCompleteness(chosen=(7,)),
    }
    group = TaskCompleteness.of_group(members)
    assert group == TaskCompleteness(2, "b: 2 rows could not be read", (7,))
    assert not group.is_complete
    assert TaskCompleteness.of_group({"a": TaskCompleteness()}).is_complete
