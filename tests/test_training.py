"""Training: the networks in PyTorch are the files' networks, they learn, and a stopped run goes on."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from serialscan.reading.calibrate import load_calibration
from serialscan.reading.networks import Networks
from serialscan.record import Glyph, Line

torch = pytest.importorskip("torch", reason="the parts for training are not installed")
onnx = pytest.importorskip("onnx", reason="the parts for training are not installed")

TRAINING = Path(__file__).parent.parent / "training"
MODELS = TRAINING.parent / "serialscan" / "reading" / "models"
sys.path.insert(0, str(TRAINING))

import second_device  # noqa: E402, before any gradient is taken: PyTorch counts its devices then
from graph import Graph  # noqa: E402
from tuning import Tuning  # noqa: E402

SHAPES = {
    "recogniser.onnx": (2, 3, 48, 104), "recogniser-stock.onnx": (2, 3, 48, 104),
    "recogniser-bumps.onnx": (2, 3, 48, 104), "recogniser-quick.onnx": (2, 3, 48, 104),
    "recogniser-v5.onnx": (2, 3, 48, 104),
    "detector.onnx": (1, 3, 96, 160), "detector-stock.onnx": (1, 3, 96, 160),
}  # fmt: skip


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).uniform(-1, 1, shape).astype(np.float32)


def run(path: Path, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (answer,) = session.run(None, {session.get_inputs()[0].name: x})
    return answer


def start(name: str, out: Path, *options: str) -> None:
    """Run a program of the training in this process, which has loaded PyTorch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [name, "--out", str(out), *options])
        importlib.import_module(name.removesuffix(".py")).main()


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_pytorch_and_onnxruntime_answer_alike(name: str) -> None:
    x = pixels(*SHAPES[name])
    with torch.no_grad():
        answer = Graph(MODELS / name, logits=False)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(answer, run(MODELS / name, x), atol=2e-5)


@pytest.mark.parametrize("name", ["recogniser.onnx", "detector.onnx"])
def test_what_is_saved_is_what_was_trained(name: str, tmp_path: Path) -> None:
    net, x = Graph(MODELS / name, logits=False), pixels(*SHAPES[name])
    with torch.no_grad():
        for i, parameter in enumerate(net.parameters()):
            parameter.mul_(1.0 + 0.01 * (i % 3))
        answer = net(torch.from_numpy(x)).numpy()
    net.save(tmp_path / "tuned.onnx")
    np.testing.assert_allclose(answer, run(tmp_path / "tuned.onnx", x), atol=2e-5)
    assert np.abs(answer - run(MODELS / name, x)).max() > 1e-3


def loss_of(net: Graph, x: torch.Tensor) -> torch.Tensor:
    """What each network loses on a few texts, or on text in the upper half of a picture."""
    answer = net(x)
    if answer.dim() == 4:
        target = torch.zeros(answer.shape)
        target[:, :, : answer.shape[2] // 2] = 1.0
        return torch.nn.functional.binary_cross_entropy_with_logits(answer, target.to(answer.device))
    likely = answer.log_softmax(2)
    return torch.nn.functional.ctc_loss(
        likely.transpose(0, 1).cpu(), torch.tensor([[5, 6, 7], [8, 9, 5]]),
        torch.full((2,), likely.shape[1]), torch.tensor([3, 3]),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["recogniser.onnx", "detector.onnx"])
def test_a_network_learns_what_it_is_shown(name: str, tmp_path: Path) -> None:
    net, x = Graph(MODELS / name), torch.from_numpy(pixels(*SHAPES[name]))
    tuning = Tuning(net, tmp_path, rate=2e-4, ema=0.5, warm=1, seed=0)
    before = float(loss_of(net, x).detach())
    for _ in range(20):
        tuning.learn(loss_of(net, x), 0.0)
    assert float(loss_of(net, x).detach()) < 0.5 * before


def test_a_relative_rate_moves_each_tensor_by_the_same_share(tmp_path: Path) -> None:
    """Whose layers differ in size by orders of magnitude learns in all of them, what is zero too."""
    net, x = Graph(MODELS / "recogniser.onnx"), torch.from_numpy(pixels(*SHAPES["recogniser.onnx"]))
    trained = [p for p in net.parameters() if p.requires_grad]
    with torch.no_grad():
        trained[-1].zero_()
    before = [p.detach().clone() for p in trained]
    tuning = Tuning(net, tmp_path, rate=1e-3, ema=0.5, warm=1, seed=0, relative=True)
    tuning.learn(loss_of(net, x), 0.0)
    for old, new in zip(before, trained, strict=True):
        size = max(1e-3, float(old.square().mean().sqrt()))
        assert float((new - old).detach().abs().max()) <= 1.01e-3 * size + 1e-7
    moved = [float((new - old).detach().abs().max()) for old, new in zip(before, trained, strict=True)]
    assert sum(m > 0 for m in moved) > 0.9 * len(moved) and moved[-1] > 0


DEVICES = [second_device.NAME, *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["recogniser.onnx", "detector.onnx"])
def test_a_step_on_another_device_is_the_same_step(name: str, device: str, tmp_path: Path) -> None:
    x = torch.from_numpy(pixels(*SHAPES[name]))
    nets = {where: Graph(MODELS / name).to(where) for where in ("cpu", device)}
    for where, net in nets.items():
        Tuning(net, tmp_path, rate=1e-4, ema=0.5, warm=1, seed=0).learn(loss_of(net, x.to(where)), 0.0)
    for a, b in zip(nets["cpu"].parameters(), nets[device].parameters(), strict=True):
        torch.testing.assert_close(a, b.cpu(), rtol=0, atol=2e-4)


@pytest.mark.parametrize(
    ("name", "plan", "more_options"),
    [
        ("recogniser.py", ("--lines", "16", "32"), ("--mixed", "2", "--workers", "1")),
        ("detector.py", ("--photos", "4", "8"), ("--workers", "1")),
    ],
)
def test_a_stopped_run_goes_on_and_leaves_a_network(
    name: str, plan: tuple[str, str, str], more_options: tuple[str, ...], tmp_path: Path
) -> None:
    option, first, more = plan
    start(name, tmp_path, option, first, *more_options)
    half = torch.load(tmp_path / "state.pt")
    start(name, tmp_path, option, more, *more_options)
    whole = torch.load(tmp_path / "state.pt")
    assert half["done"] >= int(first) and whole["done"] >= int(more)
    assert whole["step"] > half["step"] > 0 and whole["seed"] > half["seed"]
    said = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()]
    done = [one["done"] for one in said]  # on a busy machine with checkpoints between
    assert done == sorted(done) and half["done"] in done and done[-1] == whole["done"]
    shape = SHAPES[name.replace(".py", ".onnx")]
    assert np.isfinite(run(tmp_path / "tuned.onnx", pixels(*shape))).all()


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_no_shipped_weight_is_a_number_that_processors_are_slow_with(name: str) -> None:
    weights = [onnx.numpy_helper.to_array(t) for t in onnx.load(MODELS / name).graph.initializer]
    small = sum(((w != 0) & (np.abs(w) < np.finfo(np.float32).tiny)).sum() for w in weights)
    assert small == 0, f"{small} subnormal weights: run python training/vendor.py --pin"


def test_weights_near_to_zero_become_zeros_and_the_answers_stay(tmp_path: Path) -> None:
    from vendor import flush

    model = onnx.load(MODELS / "detector.onnx")
    wide = next(t for t in model.graph.initializer if t.dims[:1] == [384] and t.dims[1] > 200)
    values = onnx.numpy_helper.to_array(wide).copy()
    values[:, ::8] = 1e-40
    assert (values == np.float32(1e-40)).sum() > 1000
    wide.CopyFrom(onnx.numpy_helper.from_array(values, wide.name))
    slow, quick = tmp_path / "slow.onnx", tmp_path / "quick.onnx"
    slow.write_bytes(model.SerializeToString())
    assert flush(model)
    quick.write_bytes(model.SerializeToString())
    assert not flush(model)
    kept = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(quick).graph.initializer}[wide.name]
    assert not np.isin(kept, np.float32(1e-40)).any()
    assert (kept[values > 1e-30] == values[values > 1e-30]).all()
    x = pixels(*SHAPES["detector.onnx"])
    np.testing.assert_array_equal(run(slow, x), run(quick, x))


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_no_shipped_network_computes_what_it_need_not(name: str) -> None:
    from lighten import lighten
    from vendor import prune

    assert not prune(onnx.load(MODELS / name)), "run python training/vendor.py --pin"
    assert not lighten(onnx.load(MODELS / name)), "run python training/vendor.py --pin"


def test_a_detector_that_is_rearranged_gives_the_same_answers(tmp_path: Path) -> None:
    from lighten import lighten

    chance = np.random.default_rng(5)
    tensors: list[Any] = []
    nodes: list[Any] = []

    def add(kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        nodes.append(onnx.helper.make_node(kind, inputs, [name], **attributes))
        return name

    def layer(kind: str, name: str, source: str, shape: tuple[int, ...], **attributes: Any) -> str:
        terms = (1, shape[1 if kind == "ConvTranspose" else 0], 1, 1)
        for part, size in (("weights", shape), ("terms", terms)):
            values = chance.normal(0, 0.4, size).astype(np.float32)
            tensors.append(onnx.numpy_helper.from_array(values, f"{name}.{part}"))
        how = {"kernel_shape": shape[2:], **attributes}
        return add("Add", name, add(kind, f"{name}.bare", source, f"{name}.weights", **how), f"{name}.terms")

    half: dict[str, Any] = {"strides": [2, 2], "pads": [1, 1, 1, 1]}
    same: dict[str, Any] = {"auto_pad": "SAME_UPPER"}
    first = add("Relu", "first", layer("Conv", "a", "x", (8, 3, 3, 3), **half))
    few = add("Relu", "few", layer("Conv", "b", first, (4, 8, 2, 2), **same))
    again = add("Identity", "again", add("Relu", "second", layer("Conv", "c", few, (8, 4, 2, 2), **same)))
    pooled = add("MaxPool", "pooled", first, kernel_shape=[2, 2], strides=[1, 1], **same)
    joined = add("Concat", "joined", pooled, again, axis=1)
    read = add("Relu", "read", layer("Conv", "d", joined, (8, 16, 3, 3), **half))
    mean = layer("Conv", "e", add("GlobalAveragePool", "mean", read), (8, 8, 1, 1))
    gated = add("Mul", "gated", read, add("HardSigmoid", "gate", mean, alpha=0.2, beta=0.5))
    wide = layer("ConvTranspose", "f", add("Add", "more", read, gated), (8, 6, 2, 2), strides=[2, 2])
    last = layer("ConvTranspose", "g", add("Relu", "wide", wide), (6, 1, 2, 2), strides=[2, 2])
    add("Sigmoid", "map", last)
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (1, channels, "h", "w"))
        for name, channels in (("x", 3), ("map", 1))
    ]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(nodes, "small", ends[:1], ends[1:], tensors),
        opset_imports=[onnx.helper.make_opsetid("", 11)],
        ir_version=8,
    )
    before, after = tmp_path / "before.onnx", tmp_path / "after.onnx"
    before.write_bytes(model.SerializeToString())
    assert lighten(model) and not lighten(model)
    after.write_bytes(model.SerializeToString())
    assert not {"ConvTranspose", "Concat", "Identity"} & {node.op_type for node in model.graph.node}
    x = pixels(1, 3, 64, 96)
    answers = run(before, x)
    assert np.ptp(answers) > 0.1
    np.testing.assert_allclose(run(after, x), answers, atol=1e-5)
    with torch.no_grad():
        np.testing.assert_allclose(Graph(after, logits=False)(torch.from_numpy(x)), answers, atol=1e-5)


def test_channels_that_nothing_reads_are_cut_and_the_answers_stay(tmp_path: Path) -> None:
    from vendor import prune

    model = onnx.load(MODELS / "detector.onnx")
    (wide,) = [t for t in model.graph.initializer if t.name == "conv2d_165.w_0"]
    values = onnx.numpy_helper.to_array(wide).copy()
    values[:, 1::2] = 0
    wide.CopyFrom(onnx.numpy_helper.from_array(values, wide.name))
    whole, pruned = tmp_path / "whole.onnx", tmp_path / "pruned.onnx"
    whole.write_bytes(model.SerializeToString())
    assert prune(model) and not prune(model)
    pruned.write_bytes(model.SerializeToString())
    assert pruned.stat().st_size < whole.stat().st_size - 4 * 2 * 384 * (values.shape[1] // 2)
    x = pixels(*SHAPES["detector.onnx"])
    np.testing.assert_allclose(run(pruned, x), run(whole, x), atol=1e-6)
    # What else reads a channel needs it.
    model = onnx.load(whole)
    (reader,) = [node for node in model.graph.node if wide.name in node.input]
    model.graph.node.append(onnx.helper.make_node("Relu", [reader.input[0]], ["seen"]))
    model.graph.output.append(onnx.helper.make_tensor_value_info("seen", onnx.TensorProto.FLOAT, None))
    before = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    prune(model)
    after = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for one, other in zip(before.run(None, {"x": x}), after.run(None, {"x": x}), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_cut_recogniser_says_the_same_of_the_characters_that_are_left() -> None:
    from vendor import cut

    stock = onnx.load(MODELS / "recogniser-stock.onnx")
    characters = stock.metadata_props[0].value.split("\n")[:-1]  # without the space
    renamed = ["\ufffd" if c in "XYZ" else c for c in characters]
    x = pixels(*SHAPES["recogniser-stock.onnx"])
    whole = run(MODELS / "recogniser-stock.onnx", x)
    session = onnxruntime.InferenceSession(cut(stock, renamed), providers=["CPUExecutionProvider"])
    left = session.get_modelmeta().custom_metadata_map["character"].split("\n")
    assert left == [c for c in characters if c not in "XYZ"] + [" "]
    kept = whole[..., [0, *(1 + [*characters, " "].index(c) for c in left)]]
    (answer,) = session.run(None, {"x": x})
    np.testing.assert_allclose(answer, kept / kept.sum(-1, keepdims=True), atol=1e-5)
    with pytest.raises(SystemExit, match="give the dictionary it came with"):
        cut(onnx.load(MODELS / "recogniser-stock.onnx"), characters[:-5])


def test_a_network_with_fewer_classes_learns_what_its_teacher_says() -> None:
    from recogniser import divergence

    taught = torch.from_numpy(pixels(2, 7, 5))
    ours = torch.tensor([0, 3, 1])  # in another order, two missing
    said = taught[:, :, ours].log_softmax(2)
    assert float(divergence(said, taught, ours)) == pytest.approx(0.0, abs=1e-6)
    doubtful = torch.full_like(said, -np.log(3))
    by_hand = (said.exp() * (said - doubtful)).sum() / 2 / 8
    assert float(divergence(doubtful, taught, ours)) == pytest.approx(float(by_hand), rel=1e-5)


def test_a_teacher_that_lacks_a_class_is_refused() -> None:
    from recogniser import classes_of

    assert classes_of(["", "A", "Ж"], ["", "Ж", "B", "A"]) == [0, 3, 1]
    with pytest.raises(SystemExit, match="no class for Ж: take one"):
        classes_of(["", "A", "Ж"], ["", "A", "B"])


def test_bfloat16_is_left_to_processors_that_compute_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from tuning import half

    for native in (True, False):
        monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda native=native: native)
        with half(torch.device("cpu")):
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        assert product.dtype == (torch.bfloat16 if native else torch.float32)


def test_a_calibration_names_the_labels_that_it_was_fitted_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import calibrate

    def read(task: tuple[Path, dict[str, Any]]) -> calibrate.Read:
        """A photo of one line, of which every third is misread and less sure."""
        label = task[1]
        sure = 0.6 if label["wrong"] else 0.97
        glyphs = tuple(Glyph(char=char, confidence=sure) for char in "W274567")
        line = Line(id="L1", text="W274567", confidence=sure, polygon=(), characters=glyphs)
        return calibrate.Read((line,), (), label, (900, 600))

    texts = {True: "W999999", False: "W274567"}
    rows = [
        {"file": "a.jpg", "wrong": wrong, "lines": [texts[wrong]], "serial": texts[wrong]}
        for wrong in (True, False, False) * 4
    ]
    labels = [tmp_path / "ours" / "labels.jsonl", tmp_path / "theirs" / "more.jsonl"]
    for path, part in zip(labels, (rows[:5], rows[5:]), strict=True):
        path.parent.mkdir()
        path.write_text("\n".join(map(json.dumps, part)), encoding="utf-8")
    monkeypatch.setattr(calibrate, "WEIGHTS", tmp_path)
    monkeypatch.setattr(calibrate, "pin", lambda: None)
    monkeypatch.setattr(calibrate, "read", read)
    monkeypatch.setattr(calibrate, "ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.chdir(labels[0].parent)
    shipped = load_calibration()
    for what in ("lines", "accept"):
        monkeypatch.setattr(sys, "argv", ["calibrate.py", what, "labels.jsonl", str(labels[1])])
        calibrate.main()
        written = load_calibration(tmp_path / "calibration.json")
        first, second = (hashlib.sha256(path.read_bytes()).hexdigest() for path in labels)
        name = f"ours/labels.jsonl (SHA-256 {first}), theirs/more.jsonl (SHA-256 {second})"
        if what == "lines":
            assert (written.fitted_on, written.lines) == (name, len(rows))
            assert written.accept == shipped.accept, "the least confidences stay until they are fitted"
        else:
            assert written.accepted_on == name and written.weights == shipped.weights


def test_photos_of_several_pages_are_not_calibrated_on(tmp_path: Path) -> None:
    import calibrate

    pages = [Image.new("L", size) for size in ((90, 60), (60, 90))]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(SystemExit, match=r"two\.tif has 2 pages"):
        calibrate.read((tmp_path / "two.tif", {"serial": None, "lines": []}))


def test_the_same_seed_renders_the_same_lines() -> None:
    from lines import samples

    first, again = ([s for seed in range(12) for s in samples(seed)] for _ in range(2))
    assert [s.text for s in first] == [s.text for s in again] and len(first) > 5
    assert all((a.crop == b.crop).all() for a, b in zip(first, again, strict=True))


def test_what_is_taught_can_be_read_and_what_cannot_is_left_out(networks: Networks) -> None:
    """Most of a bump map that is kept is read by the shipped network; marks without depth are no lines."""
    import bump
    from lines import seen_flat
    from rapidfuzz.distance import Levenshtein

    from serialscan.reading.recognise import greedy
    from serialscan.recipe import RELIEF

    wrong = pictures = 0
    for seed in range(20):
        for picture in bump.bumped(np.random.default_rng(seed), "KE478230"):
            assert picture.dtype == np.uint8 and picture.ndim == 3
            read = greedy(
                networks.recognise(seen_flat(picture)[None], RELIEF)[0], networks.characters(RELIEF)
            )
            wrong += Levenshtein.distance(read.text, "KE478230")
            pictures += 1
    assert pictures > 15 and wrong < 0.2 * 8 * pictures
    same = np.full((48, 160, 2), 0.4, np.float32)
    letter = [np.array([[20, 8], [40, 8], [40, 40], [20, 40]])]
    assert bump._photographed(np.random.default_rng(1), same, 30.0, letter)[1] < 0.1


def test_some_lines_upside_down_teach_that_they_say_nothing() -> None:
    from lines import samples

    relief = [s for seed in range(60) for s in samples(seed) if not s.printed]
    assert 0 < sum(s.text == "" for s in relief) < 0.25 * len(relief)


def test_a_folded_network_says_the_same_in_fewer_steps(tmp_path: Path) -> None:
    """Two blocks as PP-LCNetV3 has them: the second convolution pads, the third does not."""
    from fold import folded
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(5)
    shapes = {"w1": (4, 3, 3, 3), "b1": (1, 4, 1, 1), "w2": (4, 1, 3, 3), "w3": (2, 4, 1, 1), "b3": (2,)}
    shapes |= {f"{kind}{i}": (1,) for kind in "st" for i in range(1, 6)}
    held = {name: rng.normal(size=shape) for name, shape in shapes.items()}

    def line(x: str, i: int) -> list[onnx.NodeProto]:
        return [
            helper.make_node("Mul", [f"s{i}", x], [f"m{i}"]),
            helper.make_node("Identity", [f"m{i}"], [f"i{i}"]),
            helper.make_node("Add", [f"i{i}", f"t{i}"], [f"l{i}"]),
        ]

    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["c1"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["c1", "b1"], ["a1"]), *line("a1", 1),
        helper.make_node("HardSwish", ["l1"], ["h1"]), *line("h1", 2),
        helper.make_node("Conv", ["l2", "w2"], ["c2"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=4),
        *line("c2", 3), helper.make_node("HardSwish", ["l3"], ["h3"]), *line("h3", 4),
        helper.make_node("Conv", ["l4", "w3", "b3"], ["c3"], kernel_shape=[1, 1]), *line("c3", 5),
        helper.make_node("Relu", ["l5"], ["y"]),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes, "two blocks",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 6, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, 6, 8])],
        [numpy_helper.from_array(v.astype(np.float32), name) for name, v in held.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    (tmp_path / "whole.onnx").write_bytes(model.SerializeToString())
    (tmp_path / "folded.onnx").write_bytes(folded(model).SerializeToString())
    x = pixels(1, 3, 6, 8)
    np.testing.assert_allclose(run(tmp_path / "folded.onnx", x), run(tmp_path / "whole.onnx", x), atol=2e-4)
    left = [node.op_type for node in onnx.load(tmp_path / "folded.onnx").graph.node]
    assert left == ["Conv", "HardSwish", "Add", "Conv", "HardSwish", "Conv", "Relu"]
    with torch.no_grad():  # and in training, whole
        answer = Graph(tmp_path / "whole.onnx", logits=False)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(answer, run(tmp_path / "whole.onnx", x), atol=2e-4)


def test_a_head_learns_signs_and_leaves_all_other_classes_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from head import SIGNS, Head

    network = MODELS / "recogniser-quick.onnx"
    start("head.py", tmp_path, str(network), "--lines", "100")
    assert capsys.readouterr().out.count("held-back lines read whole") == 2
    was, now = Head(network), Head(tmp_path / network.name)
    signs = sorted(was.index[c] for c in SIGNS if c in was.index)
    assert len(signs) == len(SIGNS)
    others = sorted(set(range(len(was.biases))) - set(signs))
    np.testing.assert_array_equal(now.weights[:, others], was.weights[:, others])
    np.testing.assert_array_equal(now.biases[others], was.biases[others])
    assert (now.weights[:, signs] != was.weights[:, signs]).any(axis=0).all()
    before = [t for t in was.model.graph.initializer if list(t.dims) != list(was.weights.shape)]
    after = {t.name: t for t in now.model.graph.initializer}
    assert all(after[t.name] == t for t in before if list(t.dims) != list(was.biases.shape))
