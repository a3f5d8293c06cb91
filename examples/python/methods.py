"""Three methods of the catalogue as functions of one's own: `catalogue.toml` beside it compares the two."""

import copy

import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax, softmax
from torch.utils.data import DataLoader


def finetune(net, retain_loader, forget_loader, val_loader, lr=1e-3, epochs=1):
    """Goes on training on the retain set."""
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4)
    net.train()
    for _ in range(epochs):
        for batch in retain_loader:
            loss = cross_entropy(net(batch["image"]), batch["age_group"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def neggrad_plus(net, retain_loader, forget_loader, val_loader, alpha=0.95, lr=1e-2, epochs=5):
    """Descends on the retain set while it ascends on the forget set, whose batches come round again and again."""
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4)
    net.train()
    forget = forever(forget_loader)
    for _ in range(epochs):
        for (x, y), (x_forget, y_forget) in zip(retain_loader, forget):
            loss = alpha * cross_entropy(net(x), y) - (1 - alpha) * cross_entropy(net(x_forget), y_forget)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def scrub(net, retain_loader, forget_loader, val_loader, lr=5e-4, epochs=3, forget_epochs=2, batch_size=128,
          forget_batch_size=32, alpha=1e-3, gamma=0.99, temperature=4.0):
    """Runs away from the original on the forget set, then stays with it on the retain set."""
    retain = DataLoader(retain_loader.dataset, batch_size, shuffle=True)
    forget = DataLoader(forget_loader.dataset, forget_batch_size, shuffle=True)
    teacher = copy.deepcopy(net).eval()
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4)
    net.train()

    def divergence(x, outputs):
        with torch.no_grad():
            target = softmax(teacher(x) / temperature, 1)
        return temperature**2 * kl_div(log_softmax(outputs / temperature, 1), target, reduction="batchmean")

    def step(loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for epoch in range(epochs):
        if epoch < forget_epochs:
            for x, _ in forget:
                step(-divergence(x, net(x)))
        for x, y in retain:
            outputs = net(x)
            step(gamma * cross_entropy(outputs, y) + alpha * divergence(x, outputs))


def forever(loader):
    while True:
        yield from loader
