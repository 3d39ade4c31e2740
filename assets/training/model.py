"""A plain transformer whose mathematics and parameter names are those of Hugging Face's LlamaForCausalLM, or, where it reads in both
directions, of EuroBertForMaskedLM.

RMS norm, rotary positions in the half-rotation layout, SwiGLU, tied embeddings, no biases. One key-value head for every query
head: each head then has a pattern and keys of its own to look at, and at this size sharing them would save next to nothing.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


def rotary_tables(shape, length=None):
    """cos and sin, [positions, head width], the two halves alike."""
    head_width = shape.width // shape.heads
    frequencies = 1.0 / shape.rotary_base ** (torch.arange(0, head_width, 2, dtype=torch.float32) / head_width)
    angles = torch.outer(torch.arange(length or shape.positions, dtype=torch.float32), frequencies)
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def rotate_half(x):
    first, second = x.chunk(2, dim=-1)
    return torch.cat((-second, first), dim=-1)


class Norm(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.width))
        self.epsilon = shape.norm_epsilon

    def forward(self, x):
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.epsilon)


class Attention(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.heads, self.causal = shape.heads, shape.causal
        self.q_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.k_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.v_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.o_proj = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x, cos, sin, want_weights=False):
        batch, length, width = x.shape
        split = lambda y: y.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
        query, key, value = split(self.q_proj(x)), split(self.k_proj(x)), split(self.v_proj(x))
        query = query * cos + rotate_half(query) * sin
        key = key * cos + rotate_half(key) * sin
        weights = None
        if want_weights:
            scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
            hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
            weights = (scores.masked_fill(hidden, -torch.inf) if self.causal else scores).softmax(-1)
            mixed = weights @ value
        else:
            mixed = F.scaled_dot_product_attention(query, key, value, is_causal=self.causal)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, width)), weights


class Mlp(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.hidden, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.hidden, bias=False)
        self.down_proj = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.input_layernorm = Norm(shape)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = Norm(shape)
        self.mlp = Mlp(shape)

    def forward(self, x, cos, sin, want_weights=False):
        mixed, weights = self.self_attn(self.input_layernorm(x), cos, sin, want_weights)
        x = x + mixed
        return x + self.mlp(self.post_attention_layernorm(x)), weights


class Transformer(nn.Module):
    def __init__(self, shape, vocabulary):
        super().__init__()
        self.shape = shape
        self.model = nn.ModuleDict(
            {
                "embed_tokens": nn.Embedding(vocabulary, shape.width),
                "layers": nn.ModuleList(Layer(shape) for _ in range(shape.layers)),
                "norm": Norm(shape),
            }
        )
        cos, sin = rotary_tables(shape)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def start(self, seed):
        """N(0, 1/fan-in); what writes to the residual stream is divided by √(2·layers); embedding N(0, 1/width)."""
        random = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if parameter.dim() < 2:
                    continue
                deviation = parameter.shape[-1] ** -0.5
                if name.endswith(("o_proj.weight", "down_proj.weight")):
                    deviation /= math.sqrt(2 * self.shape.layers)
                parameter.normal_(0, deviation, generator=random)
        return self

    def forward(self, tokens, want_weights=False):
        """Logits [rows, length, vocabulary]; with `want_weights` also the attention of every layer."""
        length = tokens.shape[1]
        x = self.model["embed_tokens"](tokens)
        cos, sin = self.cos[:length], self.sin[:length]
        every = []
        for layer in self.model["layers"]:
            x, weights = layer(x, cos, sin, want_weights)
            every.append(weights)
        logits = F.linear(self.model["norm"](x), self.model["embed_tokens"].weight)
        return (logits, every) if want_weights else logits
