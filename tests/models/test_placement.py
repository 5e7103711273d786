"""Device and number type: chosen by themselves or by name, and refused when they are not there."""

from __future__ import annotations

import pytest
import torch

from backend.errors import ModelError, NoRoomError, OverBudgetError
from backend.models import load_model, memory, placement
from backend.models.memory import check_room, loading_memory, study_memory


@pytest.fixture
def no_accelerator(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def gpus(monkeypatch):
    def pretend(count):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)

    return pretend


def test_without_an_accelerator_auto_is_the_cpu_in_float32(no_accelerator):
    device = placement.resolve_device("auto")
    assert device == torch.device("cpu")
    assert placement.resolve_dtype("auto", device) == torch.float32


def test_with_a_gpu_auto_is_cuda_in_bfloat16(gpus):
    gpus(1)
    device = placement.resolve_device("auto")
    assert device.type == "cuda"
    assert placement.resolve_dtype("auto", device) == torch.bfloat16
    assert placement.device_map("auto", device) == {"": device}


def test_several_gpus_share_a_model(gpus):
    gpus(2)
    device = placement.resolve_device("auto")
    assert placement.device_map("auto", device) == "auto"
    assert placement.device_map("cuda:1", torch.device("cuda:1")) == {"": torch.device("cuda:1")}


def test_mps_is_used_in_float32(no_accelerator, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    device = placement.resolve_device("auto")
    assert device.type == "mps"
    assert placement.resolve_dtype("auto", device) == torch.float32


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "meta", "cpu:", "cpu:0", "cpu:127", "mps:1"])
def test_an_unknown_device_is_refused_with_the_names(name):
    with pytest.raises(ModelError, match="auto, cpu, cuda, cuda:1 or mps"):
        placement.resolve_device(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:3"])
def test_a_gpu_that_is_not_there_is_refused(no_accelerator, name):
    with pytest.raises(ModelError, match=r"torch sees 0 CUDA GPU\(s\)"):
        placement.resolve_device(name)


def test_mps_that_is_not_there_is_refused(no_accelerator):
    with pytest.raises(ModelError, match="Apple"):
        placement.resolve_device("mps")


@pytest.mark.parametrize("name", ["float64", "int8", "fp32", ""])
def test_an_unknown_dtype_is_refused_with_the_names(tiny_folder, name):
    with pytest.raises(ModelError, match="float32, bfloat16, float16"):
        load_model(str(tiny_folder("gpt2")), device="cpu", dtype=name)


@pytest.mark.parametrize("dtype", placement.DTYPES)
def test_every_dtype_can_be_chosen(tiny_folder, dtype):
    model = load_model(str(tiny_folder("llama")), device="cpu", dtype=dtype)
    logits = model.unembed(model.hidden_states(torch.arange(6)[None]))
    assert logits.isfinite().all()
    assert model.facts.dtype == dtype


def test_a_model_that_does_not_fit_is_refused_with_both_numbers(tiny_folder, monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda device: 10)
    with pytest.raises(ModelError, match=r"needs 0\.0 GB on cpu and 0\.0 GB are free"):
        load_model(str(tiny_folder("gpt2")), device="cpu")


def test_room_is_measured_against_what_is_free():
    check_room("tiny", 1, [torch.device("cpu")])
    with pytest.raises(NoRoomError, match=r"needs 1000000\.0 GB .* Use a smaller model"):
        check_room("huge", 10**15, [torch.device("cpu")])


@pytest.fixture
def gpu_memory(gpus, monkeypatch):
    """Two GPUs with 2 and 10 bytes free, beside 1 that torch holds unused on each."""
    gpus(2)
    number = lambda device: torch.device(device).index or 0  # noqa: E731 - as torch counts them
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: ((2, 10)[number(device)], 100))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 5)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 4)


def test_a_named_gpu_is_judged_by_its_own_memory(gpu_memory):
    assert memory.free_bytes(torch.device("cuda:0")) == 3
    assert memory.free_bytes(torch.device("cuda:1")) == 11
    where = placement.devices_of(placement.device_map("cuda:0", torch.device("cuda:0")))
    with pytest.raises(NoRoomError, match="on cuda:0 and"):
        check_room("tiny", 4, where)


def test_a_model_spread_over_gpus_may_fill_them_all(gpu_memory):
    where = placement.devices_of(placement.device_map("auto", torch.device("cuda")))
    assert where == [torch.device("cuda:0"), torch.device("cuda:1")]
    check_room("tiny", 14, where)
    with pytest.raises(NoRoomError, match="on cuda:0, cuda:1 and"):
        check_room("tiny", 15, where)


def test_a_study_has_the_memory_of_the_fullest_device_of_its_model(gpu_memory):
    assert memory.free_beside("cuda:0, cuda:1") == 3


def test_an_allocation_that_fails_in_a_study_is_over_budget():
    refused = pytest.raises(OverBudgetError, match="Reading 9 tokens ran out of memory")
    with refused, study_memory("Reading 9 tokens"):
        torch.empty(2**50)


def test_a_model_that_does_not_fit_while_it_is_made_is_told_to_be_smaller():
    refused = pytest.raises(NoRoomError, match=r"Loading tiny ran out of memory .* smaller model")
    with refused, loading_memory("Loading tiny", [torch.device("cpu")]):
        torch.empty(2**50)


def test_a_gpu_that_is_full_is_over_budget():
    refused = pytest.raises(OverBudgetError, match=r"tried to allocate 2\.00 GiB")
    with refused, study_memory("Reading 9 tokens"):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0")


def test_other_failures_pass_unchanged():
    with pytest.raises(RuntimeError, match="shapes"), study_memory("Reading"):
        raise RuntimeError("shapes do not fit")
