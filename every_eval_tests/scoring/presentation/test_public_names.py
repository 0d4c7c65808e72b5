import pytest

from every_eval.scoring.presentation.public_names import public_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("meta-llama/Llama-2-7b-hf@main+acme/lora", "meta-llama/Llama-2-7b-hf@main+acme/lora"),
        ("/home/ada/checkpoints/step-100", "step-100"),
        ("./out/step-100/", "step-100"),
        ("~/step-100", "step-100"),
        ("C:\\models\\step-100", "step-100"),
        (
            "local,base_url=http://10.0.0.7:8000/v1,n=4",
            "local,base_url,n=4",
        ),
        ("hf,peft=/mnt/lora,dtype=auto", "hf,peft=lora,dtype=auto"),
        ("together/llama-2-7b", "together/llama-2-7b"),
    ],
)
def test_addresses_and_folders_are_left_out_and_other_names_stay(name: str, shown: str) -> None:
    assert public_name(name) == shown
