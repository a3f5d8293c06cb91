"""An unlearning method of your own: `NAME`.

    sweep try FILE:unlearning                       # one run at small scale: what it does, in seconds
    sweep try FILE:unlearning lr=1e-2 --data DIR    # on data of yours

In a grid, with every keyword argument as an axis:

    [method.NAME]
    python = "FILE:unlearning"
    lr     = [1e-3, 1e-2]
    epochs = [1, 3]
"""

import torch
from torch.nn.functional import cross_entropy


def unlearning(net, retain_loader, forget_loader, val_loader, lr=1e-3, epochs=1, forget_weight=0.1):
    """Learns what is to be kept once more and unlearns what is to be forgotten, step by step.

    net             a torch.nn.Module in training mode, on the device of the run: the original that has seen everything
    retain_loader   batches of what may be remembered: float32 [B, 3, H, W] and int64 [B], on the CPU
    forget_loader   batches of what is to be forgotten
    val_loader      batches of images that nobody has seen; nothing may learn from those that results are judged on

    What follows are hyper-parameters, axes of a grid. Give each a default, and `sweep plan` checks their names for you.
    Random numbers are seeded from the run's seed. What you print is in the log of the run.
    """
    device = next(net.parameters()).device
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4)
    for epoch in range(epochs):
        forgotten = iter(forget_loader)
        for images, labels in retain_loader:
            # The forget set is the smaller one: it begins again when it is through.
            batch = next(forgotten, None)
            if batch is None:
                forgotten = iter(forget_loader)
                batch = next(forgotten)
            images, labels = images.to(device), labels.to(device)
            keep = cross_entropy(net(images), labels)
            images, labels = (part.to(device) for part in batch)
            forget = cross_entropy(net(images), labels)
            # Ascent on the forget set, bounded by the descent on the rest.
            loss = (1 - forget_weight) * keep - forget_weight * forget
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch}: loss {keep.item():.3f} on the retain set, {forget.item():.3f} on the forget set")
    # `net` was changed in place; return another network of the same kind to hand over that one.
    return net
