"""Muon for the matrices of the layers, as one batched product for all matrices of a shape; AdamW for embedding and gains.

The momentum of a matrix is made orthogonal before it is applied (five steps of Newton–Schulz), so every direction of it moves at the
same rate. Jordan et al. 2024. The update has the size that AdamW's has (0.2 · √(longer side)), so one learning rate serves both.
"""

import torch

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
    def __init__(self, parameters, lr, momentum=0.95, weight_decay=0.0):
        super().__init__(list(parameters), {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes = {}
            for matrix in group["params"]:
                state = self.state[matrix]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(matrix)
                moving = state["momentum"].lerp_(matrix.grad, 1 - group["momentum"])
                update = matrix.grad.lerp(moving, group["momentum"])  # Nesterov
                shapes.setdefault(tuple(sorted(matrix.shape)), []).append((matrix, update))
            for (_, longer), pairs in shapes.items():
                flat = orthogonal(torch.stack([u if u.shape[0] <= u.shape[1] else u.mT for _, u in pairs]))
                for (matrix, _), update in zip(pairs, flat):
                    matrix.mul_(1 - group["lr"] * group["weight_decay"])
                    turned = matrix.shape[0] > matrix.shape[1]
                    matrix.add_(update.mT if turned else update, alpha=-0.2 * longer**0.5 * group["lr"])
