"""What a model is trained to do with a batch of rows: go on, go on like a teacher, or fill in what is hidden."""

import torch
from torch.nn import functional as F

import settings

BEGIN, END, PAD, MASK = range(len(settings.SPECIAL))


def hide(rows, step_seed, vocabulary):
    """(rows with some tokens hidden, targets): of those chosen 80 % become `<mask>`, 10 % any token, 10 % stay, as for BERT."""
    random = torch.Generator().manual_seed(step_seed)
    draw = lambda: torch.rand(rows.shape, generator=random)
    # Rows differ in how much is hidden, so that one single mask is as familiar as many.
    share = settings.MASKED_SHARE * 2 * torch.rand(rows.shape[0], 1, generator=random)
    chosen = (draw() < share) & (rows >= len(settings.SPECIAL))
    fate = draw()
    hidden = torch.where(chosen & (fate < 0.8), MASK, rows)
    anything = torch.randint(len(settings.SPECIAL), vocabulary, rows.shape, generator=random)
    return torch.where(chosen & (fate >= 0.9), anything, hidden), torch.where(chosen, rows, -100)


class Objective(torch.nn.Module):
    """The loss of a batch as one graph, so that what turns logits into a loss is compiled with the model."""

    def __init__(self, model, vocabulary, teacher=None):
        super().__init__()
        self.model, self.vocabulary, self.teacher = model, vocabulary, [teacher]  # the teacher is no part of what is trained

    def forward(self, inputs, targets):
        """Cross-entropy; targets of -100 do not count."""
        return F.cross_entropy(self.model(inputs).view(-1, self.vocabulary), targets.reshape(-1))


class Distilled(Objective):
    """Partly the text, partly the teacher's probabilities of every token, and partly the share of them that both have."""

    def forward(self, inputs, targets):
        logits = self.model(inputs).view(-1, self.vocabulary)
        with torch.no_grad():
            wanted = self.teacher[0](inputs).view(-1, self.vocabulary).softmax(-1)
        log_probabilities = logits.log_softmax(-1)
        text = F.nll_loss(log_probabilities, targets.reshape(-1))
        cross = -(wanted * log_probabilities).sum(-1).mean()
        # What a draft is measured by: the probability that its token is kept is the sum of the smaller of the two.
        apart = (wanted - log_probabilities.exp()).abs().sum(-1).mean() / 2
        share = settings.DISTILLED_SHARE
        return (1 - share) * text + share * (0.5 * cross + 2 * apart)
