"""Checks exported folders against Hugging Face transformers: `python verify.py ../models/micro-base …`."""

import os
import sys
import time

import numpy as np
import torch
from transformers import EuroBertConfig, EuroBertForMaskedLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

import settings
from export import read_weights
from runtime import Folder

TEXTS = ("list: 🤷🏽‍♀️ = 1", "a\0b", "one\r\ntwo\r\n\r\n", "שלום עולם abc مرحبا", "  leading, trailing  ", "café cafe\u0301 \u200f\u202e東京", "", "\ufeff\t x = <b>")


def reference(folder, shape):
    """The Hugging Face model with the weights of the shipped file."""
    Config, Model = (LlamaConfig, LlamaForCausalLM) if shape.causal else (EuroBertConfig, EuroBertForMaskedLM)
    model = Model(Config.from_pretrained(folder, attn_implementation="eager")).eval()
    weights = read_weights(os.path.join(folder, "onnx", "model.onnx"), shape)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not unexpected and missing == ["lm_head.weight"], (missing, unexpected)
    model.tie_weights()
    return model


def verify(folder):
    name = os.path.basename(os.path.normpath(folder))
    shape = settings.plan_of(name).shape
    shipped, model = Folder(folder), reference(folder, shape)
    print(f"{name}:")
    (verify_decoder if shape.causal else verify_encoder)(shipped, model, shape)
    verify_tokenizer(shipped, folder)


def verify_encoder(shipped, model, shape):
    """Whole rows and padded rows; a padded key must not be seen."""
    tokens = np.random.default_rng(1).integers(4, shipped.vocabulary, (3, 150))
    tokens[1, 97:], tokens[2, 12:] = 2, 2
    mask = (tokens != 2).astype(np.int64)
    with torch.no_grad():
        wanted = model(torch.from_numpy(tokens), attention_mask=torch.from_numpy(mask)).logits.numpy()
        alone = model(torch.from_numpy(tokens[1:2, :97])).logits.numpy()
    logits = shipped.run(tokens, mask=mask)[0]
    for label, difference in (("padded right", np.abs(logits - wanted)[mask == 1].max()), ("without padding", np.abs(logits[1:2, :97] - alone).max())):
        print(f"{label}: {difference:.2e}")
        assert difference < 1e-4, label


def verify_decoder(shipped, model, shape):
    random = np.random.default_rng(1)
    tokens = random.integers(4, shipped.vocabulary, (3, 150))
    tokens[:, 0] = 0
    with torch.no_grad():
        wanted = model(torch.from_numpy(tokens)).logits.numpy()
    differences = {"full prompt": np.abs(shipped.run(tokens)[0] - wanted).max()}

    def in_pieces(sizes):
        past, parts, start = None, [], 0
        for size in sizes:
            logits, past = shipped.run(tokens[:, start : start + size], past)
            parts.append(logits)
            start += size
        return np.abs(np.concatenate(parts, axis=1) - wanted).max()

    differences["one token at a time"] = in_pieces([1] * 150)
    differences["in chunks"] = in_pieces([64, 1, 40, 2, 43])
    for side in ("left", "right"):
        lengths = (150, 97, 12)
        padded, mask = np.full((3, 150), 2), np.zeros((3, 150), dtype=np.int64)
        worst = 0.0
        spans = [slice(150 - length, 150) if side == "left" else slice(0, length) for length in lengths]
        for row, (span, length) in enumerate(zip(spans, lengths)):
            padded[row, span], mask[row, span] = tokens[row, :length], 1
        logits = shipped.run(padded, mask=mask, positions=np.maximum(mask.cumsum(1) - 1, 0))[0]
        for row, (span, length) in enumerate(zip(spans, lengths)):
            worst = max(worst, np.abs(logits[row, span] - wanted[row, :length]).max())
        assert np.isfinite(logits).all()
        differences[f"padded {side}"] = worst
        with torch.no_grad():
            theirs = model(torch.from_numpy(padded), attention_mask=torch.from_numpy(mask), position_ids=torch.from_numpy(np.maximum(mask.cumsum(1) - 1, 0))).logits.numpy()
        differences[f"padded {side}, both padded"] = max(np.abs((logits - theirs)[row, span]).max() for row, span in enumerate(spans))
    long = np.concatenate((np.zeros((1, 1), dtype=np.int64), random.integers(4, shipped.vocabulary, (1, shape.positions - 1))), axis=1)
    for name, difference in differences.items():
        print(f"{name}: {difference:.2e}")
        assert difference < 1e-4, name
    # Over 2,048 random tokens float32 itself is no longer good to 1e-4: both are held against the reference in float64.
    with torch.no_grad():
        theirs = model(torch.from_numpy(long)).logits.numpy()
        exact = model.double()(torch.from_numpy(long)).logits.numpy()
    ours_off, theirs_off = (np.abs(logits - exact).max() for logits in (shipped.run(long)[0], theirs))
    print(f"all {shape.positions} positions, against float64: this file {ours_off:.2e}, transformers in float32 {theirs_off:.2e}")
    assert ours_off < max(1e-4, 2 * theirs_off)
    for rows, fresh, before in ((1, 1, 128), (1, 128, 0), (64, 1, 128)):
        past = [np.zeros((rows, entry.shape[1], before, entry.shape[3]), dtype=np.float32) for entry in shipped.past_inputs]
        step = np.full((rows, fresh), 5)
        shipped.run(step, past)
        began = time.perf_counter()
        for _ in range(20):
            shipped.run(step, past)
        print(f"{rows} × {fresh} tokens after {before}: {(time.perf_counter() - began) / 20 * 1000:.2f} ms")


def verify_tokenizer(shipped, folder):
    fast = PreTrainedTokenizerFast.from_pretrained(folder)
    for text in TEXTS:
        ids = shipped.tokenizer.encode(text).ids
        assert ids[0] == 0 and fast(text)["input_ids"] == ids, text
        assert shipped.tokenizer.decode(ids[1:], skip_special_tokens=False) == text == fast.decode(ids[1:]), text
    assert (fast.bos_token_id, fast.eos_token_id, fast.pad_token_id, fast.mask_token_id) == (0, 1, 2, 3)
    print(f"tokenizer: {len(TEXTS)} texts come back unchanged, both libraries agree")


if __name__ == "__main__":
    for folder in sys.argv[1:] or ["../models/micro-base"]:
        verify(folder)
