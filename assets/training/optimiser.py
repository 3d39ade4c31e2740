"""Muon for the matrices of the layers, as one batched product for all matrices of a shape; AdamW for embedding and gains.

The momentum of a matrix is made orthogonal before it is applied (five steps of Newton–Schulz), so every direction of it moves at the
same rate. Jordan et al. 2024. The update has the size that AdamW's has (0.2 · √(longer side)), so one learning rate serves both.
"""

import torch
import torch.distributed as together

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(batch):
    """Newton–Schulz on [count, rows, columns] with rows ≤ columns."""
    a, b, c = COEFFICIENTS
    x = batch / (batch.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        product = x @ x.mT
        x = a * x + (b * product + c * product @ product) @ x
    return x


class Muon(torch.optim.Optimizer):
    """Where several processes train together each makes the updates of every so many matrices orthogonal, and hands them to the others."""

    def __init__(self, parameters, lr, momentum=0.95, weight_decay=0.0):
        super().__init__(list(parameters), {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            updates = self.directions(group)
            for matrix, update in zip(group["params"], updates):
                matrix.mul_(1 - group["lr"] * group["weight_decay"])
                matrix.add_(update, alpha=-0.2 * max(matrix.shape) ** 0.5 * group["lr"])

    def directions(self, group):
        matrices = group["params"]
        rank, processes = (together.get_rank(), together.get_world_size()) if together.is_initialized() else (0, 1)
        every = torch.zeros(sum(matrix.numel() for matrix in matrices))
        places = every.split([matrix.numel() for matrix in matrices])
        shapes = {}
        for number, matrix in enumerate(matrices):
            state = self.state[matrix]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(matrix)
            moving = state["momentum"].lerp_(matrix.grad, 1 - group["momentum"])
            if number % processes == rank:
                update = matrix.grad.lerp(moving, group["momentum"])  # Nesterov
                shapes.setdefault(tuple(sorted(matrix.shape)), []).append((number, update))
        for pairs in shapes.values():
            made = orthogonal(torch.stack([update if update.shape[0] <= update.shape[1] else update.mT for _, update in pairs]))
            for (number, update), direction in zip(pairs, made):
                places[number].copy_((direction if update.shape[0] <= update.shape[1] else direction.mT).reshape(-1))
        if processes > 1:
            together.all_reduce(every)
        return [place.view_as(matrix) for place, matrix in zip(places, matrices)]
