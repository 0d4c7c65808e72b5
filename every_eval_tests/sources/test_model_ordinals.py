from every_eval.sources.model_ordinals import argument, ordinals


def test_models_that_are_published_alike_are_numbered_in_their_order() -> None:
    alike, other = ("m", "vllm"), ("m", "hf")
    models = [(alike, "a"), (alike, "b"), (other, "b"), (alike, "a"), (alike, "c"), (other, "a")]
    assert ordinals(models) == [1, 2, 1, 1, 3, 2]


def test_only_the_second_model_and_later_ones_state_their_number() -> None:
    assert [argument(ordinal) for ordinal in (1, 2)] == [{}, {"withheld": "#2"}]
