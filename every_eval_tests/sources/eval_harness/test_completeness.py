from every_eval.sources.eval_harness.completeness import TaskCompleteness


def test_a_choice_of_documents_is_told_from_another() -> None:
    few = TaskCompleteness(chosen=(0, 3))
    assert few.choice.startswith("2-")
    assert few.choice != TaskCompleteness(chosen=(0, 4)).choice
    assert TaskCompleteness().choice == ""


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
