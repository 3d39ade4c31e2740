"""The shipped folder through onnxruntime: what the app will see."""

import os

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer

import settings

END, PAD = 1, 2


class Folder:
    """A model folder. Called with token rows it gives logits, so that it can stand in for the trainer's model."""

    def __init__(self, folder, file="model.onnx", threads=settings.THREADS):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.path = os.path.join(folder, "onnx", file)
        self.session = onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.vocabulary = self.tokenizer.get_vocab_size()
        names = [entry.name for entry in self.session.get_inputs()]
        self.past_inputs = [entry for entry in self.session.get_inputs() if entry.name.startswith("past_key_values.")]
        self.is_decoder = "position_ids" in names

    def empty_past(self, rows):
        return [np.zeros((rows, entry.shape[1], 0, entry.shape[3]), dtype=np.float32) for entry in self.past_inputs]

    def run(self, tokens, past=None, mask=None, positions=None):
        """(logits, present). Without a mask every token is real; without positions they count on from the past."""
        tokens = np.asarray(tokens, dtype=np.int64)
        rows, fresh = tokens.shape
        past = past or self.empty_past(rows)
        before = past[0].shape[2] if past else 0
        mask = np.ones((rows, before + fresh), dtype=np.int64) if mask is None else mask
        feeds = {"input_ids": tokens, "attention_mask": mask}
        if self.is_decoder:
            feeds["position_ids"] = np.tile(np.arange(before, before + fresh, dtype=np.int64), (rows, 1)) if positions is None else positions
        feeds.update({entry.name: array for entry, array in zip(self.past_inputs, past)})
        logits, *present = self.session.run(None, feeds)
        return logits, present

    def __call__(self, tokens):
        """Logits of rows padded on the right; a decoder never looks at padding that follows."""
        mask = None if self.is_decoder else (tokens != PAD).long().numpy()
        return torch.from_numpy(self.run(tokens.numpy(), mask=mask)[0])

    def encode(self, texts):
        return [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]

    def decode(self, tokens):
        return self.tokenizer.decode([token for token in tokens if token not in (END, PAD)], skip_special_tokens=False)

    def sample(self, prompts, limit, temperature=1.0, seed=0, top_p=1.0):
        """Token ids that go on from each row of `prompts`, up to the end token or `limit`. Temperature 0 is greedy."""
        random = np.random.default_rng(seed)
        made = [[] for _ in prompts]
        alive = np.arange(len(prompts))
        width = max(map(len, prompts))
        tokens = np.full((len(prompts), width), PAD, dtype=np.int64)
        mask = np.zeros((len(prompts), width), dtype=np.int64)
        for place, row in enumerate(prompts):
            tokens[place, width - len(row) :], mask[place, width - len(row) :] = row, 1
        positions = np.maximum(mask.cumsum(1) - 1, 0)
        past = None
        for _ in range(limit):
            logits, past = self.run(tokens, past, mask, positions)
            chosen = draw(logits[:, -1].astype(np.float64), temperature, top_p, random)
            for row, token in zip(alive, chosen):
                made[row].append(int(token))
            kept = chosen != END
            if not kept.any():
                break
            if not kept.all():
                alive, chosen, mask, positions = alive[kept], chosen[kept], mask[kept], positions[kept]
                past = [array[kept] for array in past]
            tokens = chosen[:, None].astype(np.int64)
            mask = np.concatenate((mask, np.ones((len(alive), 1), dtype=np.int64)), axis=1)
            positions = positions[:, -1:] + 1
        return made


def draw(logits, temperature, top_p, random):
    """One token a row: the likeliest at temperature 0, else at random, from the smallest set that holds `top_p`."""
    if not temperature:
        return logits.argmax(-1)
    logits = logits / temperature
    if top_p < 1:
        order = np.argsort(-logits, axis=-1)
        sorted_ = np.take_along_axis(logits, order, -1)
        probabilities = np.exp(sorted_ - sorted_[:, :1])
        probabilities /= probabilities.sum(-1, keepdims=True)
        outside = probabilities.cumsum(-1) - probabilities >= top_p
        np.put_along_axis(logits, order, np.where(outside, -np.inf, sorted_), -1)
    return (logits + random.gumbel(size=logits.shape)).argmax(-1)
