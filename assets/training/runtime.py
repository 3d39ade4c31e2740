"""The shipped folder through onnxruntime: what the app will see."""

import os

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer

import settings


class Folder:
    """A model folder. Called with token rows it gives logits, so that it can stand in for the trainer's model."""

    def __init__(self, folder, threads=settings.THREADS):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.path = os.path.join(folder, "onnx", "model.onnx")
        self.session = onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.vocabulary = self.tokenizer.get_vocab_size()
        self.past_inputs = [entry for entry in self.session.get_inputs() if entry.name.startswith("past_key_values.")]

    def empty_past(self, rows):
        return [np.zeros((rows, entry.shape[1], 0, entry.shape[3]), dtype=np.float32) for entry in self.past_inputs]

    def run(self, tokens, past=None, mask=None, positions=None):
        """(logits, present). Without a mask every token is real; without positions they count on from the past."""
        tokens = np.asarray(tokens, dtype=np.int64)
        rows, fresh = tokens.shape
        past = past or self.empty_past(rows)
        before = past[0].shape[2]
        mask = np.ones((rows, before + fresh), dtype=np.int64) if mask is None else mask
        positions = np.tile(np.arange(before, before + fresh, dtype=np.int64), (rows, 1)) if positions is None else positions
        feeds = {"input_ids": tokens, "attention_mask": mask, "position_ids": positions}
        feeds.update({entry.name: array for entry, array in zip(self.past_inputs, past)})
        logits, *present = self.session.run(None, feeds)
        return logits, present

    def __call__(self, tokens):
        return torch.from_numpy(self.run(tokens.numpy())[0])

    def sample(self, prompts, limit, temperature=1.0, seed=0, stop=settings.END):
        """Continuations of many prompts at once, left-padded, through the cache. Temperature 0 is greedy."""
        random = np.random.default_rng(seed)
        rows = [encoding.ids for encoding in self.tokenizer.encode_batch(prompts)]
        width = max(map(len, rows))
        tokens = np.full((len(rows), width), 2, dtype=np.int64)
        mask = np.zeros((len(rows), width), dtype=np.int64)
        for place, row in enumerate(rows):
            tokens[place, width - len(row) :] = row
            mask[place, width - len(row) :] = 1
        positions = np.maximum(mask.cumsum(1) - 1, 0)
        stop_id = self.tokenizer.token_to_id(stop)
        done = np.zeros(len(rows), dtype=bool)
        made, past = [], None
        for _ in range(limit):
            logits, past = self.run(tokens, past, mask, positions)
            last = logits[:, -1].astype(np.float64)
            if temperature:
                last = last / temperature + random.gumbel(size=last.shape)
            chosen = last.argmax(-1)
            chosen[done] = 2
            done |= chosen == stop_id
            made.append(chosen)
            if done.all():
                break
            tokens = chosen[:, None].astype(np.int64)
            mask = np.concatenate((mask, np.ones((len(rows), 1), dtype=np.int64)), axis=1)
            positions = positions[:, -1:] + 1
        made = np.stack(made, axis=1)
        return [self.tokenizer.decode([token for token in row if token not in (1, 2)], skip_special_tokens=False) for row in made]
