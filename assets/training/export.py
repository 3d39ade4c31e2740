"""Writes a trained checkpoint as a Hugging Face folder with one ONNX file: `python export.py micro-base --work work --out ../models`.

The graph is written node by node instead of traced, because this model is bound by the number of nodes a run visits, not by
arithmetic: one product makes queries, keys and values, the 1/√(head width) is folded into the query weights, the half-rotation is a
product with a constant signed permutation, cos and sin are tables. Nothing is fused: attention is MatMul, Add, Softmax, MatMul,
a norm is Pow, ReduceMean, Add, Sqrt, Div, Mul, and no attention weight is an output.
"""

import argparse
import json
import math
import os
import shutil

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

import settings
import tokenizer as family_tokenizer
from model import Transformer, rotary_tables

OPSET = 17
MASKED = float(np.finfo(np.float32).min)  # finite: a row that may see nothing stays a number


class Graph:
    """Collects nodes and initializers; `add` returns the name of the node's first output."""

    def __init__(self):
        self.nodes, self.initializers = [], {}

    def constant(self, name, array):
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def add(self, kind, inputs, scope, label=None, outputs=None, **attributes):
        name = f"{scope}/{label or kind}"
        outputs = outputs or [f"{name}_output_0"]
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=name, **attributes))
        return outputs[0] if len(outputs) == 1 else outputs

    def norm(self, x, weight, scope):
        square = self.add("Pow", [x, self.constant("two", np.float32(2))], scope)
        mean = self.add("ReduceMean", [square], scope, axes=[-1], keepdims=1)
        safe = self.add("Add", [mean, self.constant("norm_epsilon", np.float32(settings.Shape.norm_epsilon))], scope)
        root = self.add("Sqrt", [safe], scope)
        return self.add("Mul", [self.add("Div", [x, root], scope), weight], scope)


def rotation(graph, shape):
    """Tables of the rotary angles, and the product that stands for the half-rotation: x @ turn = rotate_half(x)."""
    cos, sin = (table.numpy() for table in rotary_tables(shape))
    head_width = shape.width // shape.heads
    turn = np.zeros((head_width, head_width), dtype=np.float32)
    half = head_width // 2
    turn[np.arange(half) + half, np.arange(half)] = -1
    turn[np.arange(half), np.arange(half) + half] = 1
    graph.constant("rotate_half", turn)
    return (("cos", cos), ("sin", sin))


def begin_decoder(graph, shape, keep, integers):
    """Once a run: embeddings, rotary angles, and which key each query may see. A query's place in the row is past + its index."""
    order = np.arange(shape.positions, dtype=np.int64)
    graph.constant("key_order", order[None, :])
    graph.constant("query_order", order[:, None])
    x = graph.add("Gather", [keep("model.embed_tokens.weight"), "input_ids"], "/model/embed_tokens")
    one = integers("one", [1])
    angles = []
    for label, table in rotation(graph, shape):
        rows = graph.add("Gather", [graph.constant(f"rotary_{label}", table), "position_ids"], "/model/rotary_emb", f"Gather_{label}")
        angles.append(graph.add("Unsqueeze", [rows, one], "/model/rotary_emb", f"Unsqueeze_{label}"))
    mask = "/model/mask"
    total = graph.add("Shape", ["attention_mask"], mask, "Shape_total", start=1, end=2)
    fresh = graph.add("Shape", ["input_ids"], mask, "Shape_fresh", start=1, end=2)
    past = graph.add("Sub", [total, fresh], mask)
    zero = integers("zero", [0])
    keys = graph.add("Slice", ["key_order", zero, total, one], mask, "Slice_keys")
    queries = graph.add("Slice", ["query_order", past, total, zero], mask, "Slice_queries")
    causal = graph.add("LessOrEqual", [keys, queries], mask)
    allowed = graph.add("And", [causal, real_tokens(graph, integers)], mask)
    return x, angles, additive(graph, allowed)


def begin_encoder(graph, shape, keep, integers):
    """The same for a model that sees the whole text: places count from the row's beginning, padding is hidden."""
    x = graph.add("Gather", [keep("model.embed_tokens.weight"), "input_ids"], "/model/embed_tokens")
    length = graph.add("Shape", ["input_ids"], "/model/rotary_emb", "Shape_length", start=1, end=2)
    zero = integers("zero", [0])
    angles = []
    for label, table in rotation(graph, shape):
        angles.append(graph.add("Slice", [graph.constant(f"rotary_{label}", table), zero, length, zero], "/model/rotary_emb", f"Slice_{label}"))
    return x, angles, additive(graph, real_tokens(graph, integers))


def real_tokens(graph, integers):
    """[rows, 1, 1, keys]: which keys are no padding."""
    real = graph.add("Cast", ["attention_mask"], "/model/mask", to=TensorProto.BOOL)
    return graph.add("Unsqueeze", [real, integers("middle", [1, 2])], "/model/mask")


def additive(graph, allowed):
    seen, masked = graph.constant("seen", np.float32(0)), graph.constant("masked", np.float32(MASKED))
    return graph.add("Where", [allowed, seen, masked], "/model/mask")


def signature(shape, vocabulary):
    """Inputs and outputs of the graph. An encoder has neither positions nor a cache."""
    batch, fresh, past, total = "batch_size", "sequence_length", "past_sequence_length", "total_sequence_length"
    tensor = helper.make_tensor_value_info
    inputs = [
        tensor("input_ids", TensorProto.INT64, [batch, fresh]),
        tensor("attention_mask", TensorProto.INT64, [batch, total if shape.causal else fresh]),
    ]
    outputs = [tensor("logits", TensorProto.FLOAT, [batch, fresh, vocabulary])]
    if shape.causal:
        inputs.append(tensor("position_ids", TensorProto.INT64, [batch, fresh]))
        for number in range(shape.layers):
            for part in ("key", "value"):
                size = shape.width // shape.heads
                inputs.append(tensor(f"past_key_values.{number}.{part}", TensorProto.FLOAT, [batch, shape.heads, past, size]))
                outputs.append(tensor(f"present.{number}.{part}", TensorProto.FLOAT, [batch, shape.heads, total, size]))
    return inputs, outputs


def build(weights, shape, vocabulary):
    """The ModelProto for weights named as in LlamaForCausalLM."""
    graph = Graph()
    width, heads = shape.width, shape.heads
    head_width = width // heads
    array = lambda name: weights[name].detach().numpy().astype(np.float32)
    keep = lambda name: graph.constant(name, array(name))
    integers = lambda name, values: graph.constant(name, np.array(values, dtype=np.int64))

    x, angles, bias = (begin_decoder if shape.causal else begin_encoder)(graph, shape, keep, integers)

    split_heads = integers("split_heads", [0, 0, 3 * heads, head_width])
    merge_heads = integers("merge_heads", [0, 0, width])
    for number in range(shape.layers):
        layer = f"model.layers.{number}"
        scope = f"/model/layers.{number}/self_attn"
        normed = graph.norm(x, keep(f"{layer}.input_layernorm.weight"), f"/model/layers.{number}/input_layernorm")
        scale = np.float32(1 / math.sqrt(head_width))
        joined = np.concatenate(
            (array(f"{layer}.self_attn.q_proj.weight").T * scale, array(f"{layer}.self_attn.k_proj.weight").T, array(f"{layer}.self_attn.v_proj.weight").T), axis=1
        )
        qkv = graph.add("MatMul", [normed, graph.constant(f"{layer}.self_attn.qkv_proj.weight", joined)], scope, "qkv_proj/MatMul")
        qkv = graph.add("Reshape", [qkv, split_heads], scope, "Reshape_heads")
        qkv = graph.add("Transpose", [qkv], scope, "Transpose_heads", perm=[0, 2, 1, 3])
        plain, value = graph.add(
            "Split", [qkv, integers("split_value", [2 * heads, heads])], scope, "Split_value", [f"{scope}/query_key", f"{scope}/value"], axis=1
        )
        turned = graph.add("MatMul", [plain, "rotate_half"], scope, "rotate_half/MatMul")
        turned = graph.add("Mul", [turned, angles[1]], scope, "Mul_sin")
        rotated = graph.add("Add", [graph.add("Mul", [plain, angles[0]], scope, "Mul_cos"), turned], scope, "Add_rotary")
        query, key = graph.add(
            "Split", [rotated, integers("split_query", [heads, heads])], scope, "Split_query", [f"{scope}/query", f"{scope}/key"], axis=1
        )
        if shape.causal:
            key = graph.add("Concat", [f"past_key_values.{number}.key", key], scope, "Concat_key", [f"present.{number}.key"], axis=2)
            value = graph.add("Concat", [f"past_key_values.{number}.value", value], scope, "Concat_value", [f"present.{number}.value"], axis=2)
        key = graph.add("Transpose", [key], scope, "Transpose_key", perm=[0, 1, 3, 2])
        scores = graph.add("MatMul", [query, key], scope, "MatMul_scores")
        scores = graph.add("Add", [scores, bias], scope, "Add_mask")
        pattern = graph.add("Softmax", [scores], scope, axis=-1)
        mixed = graph.add("MatMul", [pattern, value], scope, "MatMul_values")
        mixed = graph.add("Transpose", [mixed], scope, "Transpose_mixed", perm=[0, 2, 1, 3])
        mixed = graph.add("Reshape", [mixed, merge_heads], scope, "Reshape_mixed")
        output = graph.constant(f"{layer}.self_attn.o_proj.weight", array(f"{layer}.self_attn.o_proj.weight").T)
        mixed = graph.add("MatMul", [mixed, output], scope, "o_proj/MatMul")
        x = graph.add("Add", [x, mixed], f"/model/layers.{number}", "Add_attention")

        scope = f"/model/layers.{number}/mlp"
        normed = graph.norm(x, keep(f"{layer}.post_attention_layernorm.weight"), f"/model/layers.{number}/post_attention_layernorm")
        product = lambda source, part: graph.add(
            "MatMul", [source, graph.constant(f"{layer}.mlp.{part}.weight", array(f"{layer}.mlp.{part}.weight").T)], scope, f"{part}/MatMul"
        )
        gate = product(normed, "gate_proj")
        gate = graph.add("Mul", [gate, graph.add("Sigmoid", [gate], scope)], scope, "Mul_silu")
        hidden = graph.add("Mul", [gate, product(normed, "up_proj")], scope, "Mul_gate")
        x = graph.add("Add", [x, product(hidden, "down_proj")], f"/model/layers.{number}", "Add_mlp")

    normed = graph.norm(x, keep("model.norm.weight"), "/model/norm")
    head = graph.add("Transpose", ["model.embed_tokens.weight"], "/lm_head", perm=[1, 0])  # tied; folded when the file is loaded
    graph.add("MatMul", [normed, head], "/lm_head", outputs=["logits"])

    inputs, outputs = signature(shape, vocabulary)
    proto = helper.make_model(
        helper.make_graph(graph.nodes, "main_graph", inputs, outputs, list(graph.initializers.values())),
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8, producer_name="tokenscope",
    )
    onnx.checker.check_model(proto, full_check=True)
    return proto


def read_weights(path, shape):
    """The weights in an exported file, under their LlamaForCausalLM names: the shipped file is all that fine-tuning needs."""
    arrays = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in onnx.load(path).graph.initializer}
    weights = {}
    for name, value in arrays.items():
        if name.endswith("qkv_proj.weight"):
            query, key, value = value.T.split(shape.width)
            for part, matrix in (("q", query * math.sqrt(shape.width // shape.heads)), ("k", key), ("v", value)):
                weights[name.replace("qkv", part)] = matrix.contiguous()
        elif name.startswith("model."):
            plain = value.dim() < 2 or "embed_tokens" in name
            weights[name] = value if plain else value.T.contiguous()
    return weights


def config(shape, vocabulary):
    return {
        "architectures": ["LlamaForCausalLM" if shape.causal else "EuroBertForMaskedLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 0,
        "dtype": "float32",
        "eos_token_id": 1,
        "head_dim": shape.width // shape.heads,
        "hidden_act": "silu",
        "hidden_size": shape.width,
        "initializer_range": 0.02,
        "intermediate_size": shape.hidden,
        "max_position_embeddings": shape.positions,
        "mlp_bias": False,
        "model_type": "llama" if shape.causal else "eurobert",
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.heads,
        "pad_token_id": 2,
        "pretraining_tp": 1,
        "rms_norm_eps": shape.norm_epsilon,
        "rope_parameters": {"rope_theta": shape.rotary_base, "rope_type": "default"},
        "rope_scaling": None,
        "rope_theta": shape.rotary_base,
        "tie_word_embeddings": True,
        "torch_dtype": "float32",
        "use_cache": shape.causal,
        "vocab_size": vocabulary,
        **({} if shape.causal else {"is_decoder": False, "mask_token_id": 3}),
    }


def write_json(path, content):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(content, indent=2) + "\n")


def export(plan, weights, work, out):
    """The folder `out`/`plan.name` for the given weights; answers the number of nodes of its graph."""
    tokenizer = family_tokenizer.load(work)
    vocabulary, shape, folder = tokenizer.get_vocab_size(), plan.shape, os.path.join(out, plan.name)
    os.makedirs(os.path.join(folder, "onnx"), exist_ok=True)
    proto = build(weights, shape, vocabulary)
    onnx.save(proto, os.path.join(folder, "onnx", "model.onnx"))
    shutil.copyfile(os.path.join(work, "tokenizer.json"), os.path.join(folder, "tokenizer.json"))
    write_json(os.path.join(folder, "config.json"), config(shape, vocabulary))
    if shape.causal:
        write_json(os.path.join(folder, "generation_config.json"), {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2})
    for name, content in zip(("tokenizer_config.json", "special_tokens_map.json"), family_tokenizer.describe(shape.positions)):
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
    return len(proto.graph.node)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--work", default="work")
    parser.add_argument("--out", default="../models")
    arguments = parser.parse_args()
    plan = settings.plan_of(arguments.model)
    weights = torch.load(os.path.join(arguments.work, plan.name, "checkpoint.pt"))["model"]
    print(f"{plan.name}: {export(plan, weights, arguments.work, arguments.out)} nodes")
