"""Trains the tokenizer of the family: byte-level BPE, single digits, `<s>` put before every text.

No prefix space and no normaliser, so that decoding gives back every text exactly.
"""

import itertools
import json
import os

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

import settings
from micro_world.levels import SHORT
from micro_world.registry import documents


def train():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=settings.VOCABULARY_ROOM,
        min_frequency=settings.TOKENIZER_MIN_FREQUENCY,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in settings.SPECIAL],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    texts = documents(f"{settings.SEED} tokenizer", ((SHORT, 1),), shares=settings.TOKENIZER_SHARES)
    tokenizer.train_from_iterator((document.text for document in itertools.islice(texts, settings.TOKENIZER_TEXTS)), trainer)
    begin = (settings.BEGIN, tokenizer.token_to_id(settings.BEGIN))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{settings.BEGIN} $A", pair=f"{settings.BEGIN} $A {settings.BEGIN}:1 $B:1", special_tokens=[begin]
    )
    assert [tokenizer.token_to_id(token) for token in settings.SPECIAL] == [0, 1, 2, 3]
    return tokenizer


def load(folder):
    """The tokenizer kept in `folder`, trained first where there is none."""
    path = os.path.join(folder, "tokenizer.json")
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        train().save(path)
    return Tokenizer.from_file(path)


def describe(positions):
    """The contents of tokenizer_config.json and special_tokens_map.json."""
    named = {"bos_token": settings.BEGIN, "eos_token": settings.END, "pad_token": settings.PAD, "mask_token": settings.MASK}
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": positions,
        "clean_up_tokenization_spaces": False,
        "add_prefix_space": False,
        "added_tokens_decoder": {
            str(number): {"content": token, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
            for number, token in enumerate(settings.SPECIAL)
        },
        **named,
    }
    return json.dumps(config, indent=2) + "\n", json.dumps(named, indent=2) + "\n"
