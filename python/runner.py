"""Calls a user's unlearning function for one run of `sweep`, in a process of its own.

`sweep-torch` starts it with a pipe on standard input (this text, then one job as a line of JSON) and one on standard
output (messages: one object a line). Before anything is imported standard output becomes the log, like standard error, so
that nobody's prints reach the messages. The process forks at once: the first stays small, adopts and ends whatever the run
leaves behind; the second imports PyTorch, waits for the job and performs it. Pixels and weights lie in memory that
`sweep-torch` shares; only numbers and words cross the pipes.

Where the network is the user's own too, the second process forks once more: its child builds the network and calls the
function, and it builds the network itself, gives it the weights that the child has left, and says what it makes of every
image. Nothing that a function does to its process reaches what its weights are judged by.

It needs Python 3.9, numpy and PyTorch 2.
"""

import ctypes
import json
import os
import signal
import sys
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def say(messages, **message):
    """Sends one message; whoever reads it may be gone."""
    try:
        # A half of a character may be in an exception's words, and is none in JSON.
        os.write(messages, (json.dumps(message, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
    except OSError:
        pass


# --- the process that stays behind ------------------------------------------------------------------------------------


def children():
    """The processes whose parent is this one: its own, and orphans that it has adopted."""
    me, found = str(os.getpid()), []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stat:
                fields = stat.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[1].decode() == me:
            found.append(int(name))
    return found


def end_all():
    """Kills every descendant: the children of a killed one are adopted and come next."""
    while True:
        for process in children():
            try:
                os.kill(process, signal.SIGKILL)
            except OSError:
                pass
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def keep(messages, worker):
    """Forks; returns in the second process alone. The first ends with it and takes all that it started along."""
    prctl = ctypes.CDLL(None).prctl

    def ended(*_):
        end_all()
        os._exit(0)

    # Whoever kills the worker kills its group; the first process must live on until it has ended the rest.
    os.setpgid(0, 0)
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, ended)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != worker:
        os._exit(1)
    keeper = os.getpid()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != keeper:
            os._exit(1)
        return
    os.close(0)
    status = None
    while status is None:
        process, found = os.waitpid(-1, 0)
        if process == child:
            status = found
    end_all()
    if os.WIFSIGNALED(status):
        say(messages, ended={"signal": os.WTERMSIG(status)})
    else:
        say(messages, ended={"code": os.WEXITSTATUS(status)})
    os._exit(0)


# --- networks ---------------------------------------------------------------------------------------------------------


def network(wanted):
    """The network of a run, with the keys of its checkpoints; torchvision's class where that is importable and fits."""
    name, classes, keys = wanted["name"], wanted["classes"], wanted["keys"]
    keys = {key.replace("-", "_"): value for key, value in keys.items()}
    return NETWORKS[name](classes, wanted.get("size", 32), **keys)


def resnet18(classes, _, width=64):
    if width == 64:
        try:
            from torchvision.models import resnet18 as theirs
        except ImportError:
            pass
        else:
            return theirs(num_classes=classes)
    return residual(classes, width, small=False)


def residual(classes, width, small):
    """ResNet-18 of any width; `small`: for small images, with a stem of 3×3 and no pooling."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(outputs)
            self.relu = nn.ReLU(inplace=True)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
            self.downsample = None
            if stride != 1 or inputs != outputs:
                self.downsample = nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
                )

        def forward(self, x):
            short = x if self.downsample is None else self.downsample(x)
            x = self.relu(self.bn1(self.conv1(x)))
            return self.relu(self.bn2(self.conv2(x)) + short)

    class ResNet(nn.Module):
        def __init__(self):
            super().__init__()
            kernel, stride, padding = (3, 1, 1) if small else (7, 2, 3)
            self.conv1 = nn.Conv2d(3, width, kernel, stride, padding, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.relu = nn.ReLU(inplace=True)
            self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
            inputs = width
            for stage in range(4):
                outputs, stride = width << stage, 1 if stage == 0 else 2
                blocks = Block(inputs, outputs, stride), Block(outputs, outputs, 1)
                setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
                inputs = outputs
            self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
            self.fc = nn.Linear(inputs, classes)

        def forward(self, x):
            x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
            x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
            return self.fc(self.avgpool(x).flatten(1))

    return ResNet()


def resnet9(classes, _, width=64):
    """ResNet-9 as a tree of `torch.nn.Sequential`."""
    import torch
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

        def forward(self, x):
            return x + self.module(x)

    class Divide(nn.Module):
        def forward(self, x):
            return torch.div(x, 5)

    def unit(inputs, outputs, kernel=3, stride=1, padding=1):
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))

    def twice(channels):
        return Residual(nn.Sequential(unit(channels, channels), unit(channels, channels)))

    return nn.Sequential(
        unit(3, width),
        unit(width, 2 * width, 5, 2, 2),
        twice(2 * width),
        unit(2 * width, 4 * width),
        nn.MaxPool2d(2),
        twice(4 * width),
        unit(4 * width, 2 * width, 3, 1, 0),
        nn.AdaptiveMaxPool2d((1, 1)),
        nn.Flatten(),
        nn.Linear(2 * width, classes, bias=False),
        Divide(),
    )


def mlp(classes, size, width=1000):
    """Two hidden layers; the first alone has a bias."""
    import torch
    from torch import nn

    class Perceptron(nn.Module):
        def __init__(self):
            super().__init__()
            sizes = [(3 * size * size, width), (width, width), (width, classes)]
            self.layers = nn.ModuleList(nn.Linear(*pair, bias=place == 0) for place, pair in enumerate(sizes))

        def forward(self, x):
            x = torch.relu(self.layers[0](x.flatten(1)))
            return self.layers[2](torch.relu(self.layers[1](x)))

    return Perceptron()


def vit(classes, size, patch=4, width=128, depth=6, heads=4, mlp_ratio=2):
    """torchvision's `VisionTransformer`, without dropout."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln_1 = nn.LayerNorm(width, eps=1e-6)
            self.self_attention = nn.MultiheadAttention(width, heads, batch_first=True)
            self.ln_2 = nn.LayerNorm(width, eps=1e-6)
            hidden = mlp_ratio * width
            self.mlp = nn.Sequential(
                nn.Linear(width, hidden), nn.GELU(), nn.Dropout(0.0), nn.Linear(hidden, width), nn.Dropout(0.0)
            )

        def forward(self, x):
            y = self.ln_1(x)
            x = x + self.self_attention(y, y, y, need_weights=False)[0]
            return x + self.mlp(self.ln_2(x))

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.pos_embedding = nn.Parameter(torch.zeros(1, 1 + (size // patch) ** 2, width))
            self.layers = nn.Sequential()
            for place in range(depth):
                self.layers.add_module(f"encoder_layer_{place}", Block())
            self.ln = nn.LayerNorm(width, eps=1e-6)

        def forward(self, x):
            return self.ln(self.layers(x + self.pos_embedding))

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.class_token = nn.Parameter(torch.zeros(1, 1, width))
            self.conv_proj = nn.Conv2d(3, width, patch, patch)
            self.encoder = Encoder()
            self.heads = nn.Sequential()
            self.heads.add_module("head", nn.Linear(width, classes))

        def forward(self, x):
            x = self.conv_proj(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1)
            return self.heads(self.encoder(x)[:, 0])

    return Transformer()


NETWORKS = {
    "mlp": mlp,
    "resnet18": resnet18,
    "resnet18-cifar": lambda classes, _, width=64: residual(classes, width, small=True),
    "resnet9": resnet9,
    "vit": vit,
}


# --- weights: safetensors ---------------------------------------------------------------------------------------------


def read_weights(path):
    """Tensors by name: a length, a header of JSON, and the bytes that it names."""
    import torch

    kinds = {"F32": torch.float32, "I64": torch.int64}
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        content = file.read()
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            flat = torch.frombuffer(bytearray(content[start:end]), dtype=kinds[entry["dtype"]])
            tensors[name] = flat.reshape(entry["shape"])
    return tensors


def write_weights(path, tensors):
    """The inverse; real numbers as float32, whole ones as int64."""
    import torch

    header, parts, place = {}, [], 0
    for name, tensor in tensors.items():
        real = tensor.is_floating_point()
        tensor = tensor.detach().to("cpu", torch.float32 if real else torch.int64).contiguous()
        part = tensor.numpy().tobytes()
        offsets = [place, place + len(part)]
        header[name] = {"dtype": "F32" if real else "I64", "shape": list(tensor.shape), "data_offsets": offsets}
        parts.append(part)
        place += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for part in parts:
            file.write(part)


def unwrapped(tensors, known=()):
    """The tensors under the names that the network has without `torch.compile` and `DataParallel`."""
    if set(tensors) == set(known):
        return tensors
    bare = {}
    for name, tensor in tensors.items():
        for wrapper in ("_orig_mod.", "module."):
            name = name[len(wrapper):] if name.startswith(wrapper) else name
        bare[name] = tensor
    return bare


# --- data -------------------------------------------------------------------------------------------------------------


class Pair(tuple):
    """An example or a batch: `for x, y in loader` and `batch["image"]`, `batch["age_group"]` both work."""

    NAMES = {"image": 0, "images": 0, "age_group": 1, "label": 1, "labels": 1, "image_id": 2}

    def __new__(cls, image, label, place):
        pair = super().__new__(cls, (image, label))
        pair.place = place
        return pair

    def __reduce__(self):
        return Pair, (self[0], self[1], self.place)

    def __getitem__(self, key):
        if not isinstance(key, str):
            return super().__getitem__(key)
        place = self.NAMES[key]
        return self.place if place == 2 else super().__getitem__(place)

    def __contains__(self, key):
        return key in self.NAMES if isinstance(key, str) else any(key is one for one in self)

    def keys(self):
        return ["image", "age_group", "image_id"]

    def items(self):
        return [(key, self[key]) for key in self.keys()]

    def values(self):
        return [self[key] for key in self.keys()]

    def get(self, key, otherwise=None):
        return self[key] if key in self.NAMES else otherwise

    def to(self, *where, **how):
        """Moves both, as many a batch can."""
        return Pair(self[0].to(*where, **how), self[1].to(*where, **how), self.place)


class Rows:
    """Examples that were taken in one go; a list to whoever looks, one batch to our own collation."""

    def __init__(self, batch):
        self.batch = batch

    def __len__(self):
        return len(self.batch[1])

    def __getitem__(self, place):
        image, label = self.batch[0][place], self.batch[1][place]
        return Pair(image, label, self.batch.place[place])


def collate(pairs, *, collate_fn_map=None):
    import torch

    if isinstance(pairs, Rows):
        return pairs.batch
    images, labels = (torch.stack([pair[part] for pair in pairs]) for part in (0, 1))
    return Pair(images, labels, torch.stack([torch.as_tensor(pair.place) for pair in pairs]))


def dataset(job, name):
    """A set of examples as a `torch.utils.data.Dataset`; pixels are read where they lie, also in worker processes."""
    import numpy
    import torch

    class Examples(torch.utils.data.Dataset):
        def __init__(self, images, labels, shape, span, preparation):
            self.places = images, labels, tuple(shape), tuple(span), preparation
            start, end = span
            self.images = numpy.memmap(images, numpy.uint8, "r", shape=tuple(shape))[start:end]
            self.targets = torch.from_numpy(numpy.fromfile(labels, numpy.int64)[start:end])
            self.preparation = None
            if preparation is not None:
                mean, std = (torch.tensor(preparation[key]) for key in ("mean", "std"))
                mean = mean.reshape((3, 1, 1) if len(mean) == 3 else tuple(shape[1:]))
                self.preparation = preparation["divide"], mean, std.reshape(3, 1, 1)

        def __reduce__(self):
            return rebuilt, (self.places,)

        def __len__(self):
            return len(self.images)

        def take(self, places):
            pixels = torch.from_numpy(self.images[places].astype(numpy.float32))
            if self.preparation is not None:
                divide, mean, std = self.preparation
                pixels = (pixels / divide - mean) / std
            return pixels

        def __getitem__(self, place):
            if not -len(self) <= place < len(self):
                raise IndexError(f"there are {len(self)} examples")
            Progress.move()
            return Pair(self.take(int(place)), self.targets[place], torch.as_tensor(place))

        def __getitems__(self, places):
            Progress.move()
            places = torch.as_tensor(places)
            return Rows(Pair(self.take(places.numpy()), self.targets[places], places))

    torch.utils.data._utils.collate.default_collate_fn_map[Pair] = collate
    shared = job["data"]
    if name == "test":
        shared = shared["unseen"]
    return Examples(shared["images"], shared["labels"], shared["shape"], shared[name], job["preparation"])


def rebuilt(places):
    """The same examples in another process."""
    images, labels, shape, span, preparation = places
    job = {"data": {"images": images, "labels": labels, "shape": shape, "part": span}, "preparation": preparation}
    return dataset(job, "part")


class Withheld:
    """Stands for the validation set where results are judged on it: whoever looks is told so."""

    def refuse(self, *_):
        raise RuntimeError(
            "the data have no test.csv, so results are judged on the validation set, and nothing may learn from it"
        )

    __iter__ = __len__ = __getitem__ = __getattr__ = refuse


def arguments(job, device):
    """What stands before the keyword arguments, behind the network."""
    from torch.utils.data import DataLoader
    from types import SimpleNamespace

    trains = isinstance(job["takes"], dict)
    names = ["train", "validation"] if trains else ["retain", "forget", "validation"]
    sets = {name: dataset(job, name) if job["data"][name] else None for name in names}
    if trains or job["takes"] == "loaders":
        size = job["batch_size"]
        return [
            Withheld() if sets[name] is None else DataLoader(sets[name], size, shuffle=name != "validation")
            for name in names
        ]

    def tensors(examples):
        import numpy

        if examples is None:
            return Withheld()
        images = examples.take(numpy.arange(len(examples))).to(device)
        return SimpleNamespace(images=images, labels=examples.targets.to(device))

    return [SimpleNamespace(**{name: tensors(examples) for name, examples in sets.items()})]


# --- the user's code --------------------------------------------------------------------------------------------------


class Progress:
    """Says now and then how often an optimiser has stepped or a batch was taken: a run that does neither stands still."""

    messages, process, moves, steps, said = None, None, 0, 0, 0.0

    @classmethod
    def move(cls, steps=0):
        if os.getpid() != cls.process:
            return
        cls.moves += 1
        cls.steps += steps
        now = time.monotonic()
        if now - cls.said >= 1.0:
            cls.said = now
            say(cls.messages, moved=cls.moves)


class Own:
    """Which files are the user's: those below the folder of a file that the grid names, or its package where it is installed.
    Pairs: the folder that it is imported from, and what of it is the user's."""

    places, loader, network = [], None, ""

    @classmethod
    def add(cls, code):
        place = os.path.abspath(code["root"]), os.path.abspath(code["own"])
        if place not in cls.places:
            cls.places.append(place)

    @classmethod
    def root(cls, path):
        """The folder that one of the user's files is imported from; nothing for those of others."""
        for root, place in cls.places:
            below = path[len(place):]
            installed = "site-packages" in below or "dist-packages" in below
            if (path == place or path.startswith(os.path.join(place, ""))) and not installed:
                return root
        return None

    @classmethod
    def shown(cls, path):
        return os.path.relpath(path, cls.root(path))

    @classmethod
    def files(cls):
        """Those that were imported, each below its folder."""
        found = set()
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            path = os.path.abspath(path) if isinstance(path, str) else ""
            if cls.root(path) and os.path.exists(path):
                found.add(cls.shown(path))
        return sorted(found)


def own_first():
    """What is the user's is compiled from its source, since a cache of bytecode may be that of other bytes, and is found before
    everything else."""
    import importlib.machinery as machinery

    class Fresh(machinery.SourceFileLoader):
        def get_code(self, fullname):
            path = self.get_filename(fullname)
            if not Own.root(os.path.abspath(path)):
                return super().get_code(fullname)
            return compile(self.get_data(path), path, "exec", dont_inherit=True)

    kinds = (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES), (Fresh, machinery.SOURCE_SUFFIXES)
    finder = machinery.FileFinder.path_hook(*kinds)

    def is_hooked(place):
        place = os.path.abspath(place)
        return any(place == root for root, _ in Own.places) or Own.root(place) is not None

    def hook(place):
        if not is_hooked(place):
            raise ImportError
        return finder(place)

    sys.dont_write_bytecode = True
    sys.path_hooks.insert(0, hook)
    for place in [place for place in sys.path_importer_cache if is_hooked(place)]:
        del sys.path_importer_cache[place]
    # Nothing of the working folder is imported unless that is the user's folder, whose files are part of the run's name.
    sys.path[0:1] = [root for root, place in Own.places if root == place]
    return Fresh


def load(code):
    """What the grid names: the user's file as a module of its own name, or the module that it is, and in it the function."""
    import importlib.util

    path, name = os.path.abspath(code["file"]), code["module"]
    sys.argv = [path]
    if name is not None:
        module = importlib.import_module(name)
        found = os.path.abspath(getattr(module, "__file__", None) or "")
        if not os.path.samefile(found, path):
            raise Refused(f"`{name}` is imported from `{found}` and not from `{path}`")
        return getattr(module, code["function"])
    name = os.path.splitext(os.path.basename(path))[0]
    module = sys.modules.get(name)
    if module is None:
        spec = importlib.util.spec_from_file_location(name, path, loader=Own.loader(name, path))
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    elif not is_same(getattr(module, "__file__", None), path):
        raise Refused(f"a module `{name}` is there already; give `{name}.py` another name")
    return getattr(module, code["function"])


def is_same(found, path):
    return isinstance(found, str) and os.path.exists(found) and os.path.samefile(found, path)


class Refused(Exception):
    """The run can't be done, whatever the seed."""


class Mismatch(Exception):
    """The two engines don't see the same network: no run with this function can be believed."""


def told(error):
    """One line: the last place in the user's own code, and the exception."""
    words = " ".join(str(error).split())
    text = f"{type(error).__name__}: {words}" if words else type(error).__name__
    if isinstance(error, SystemExit):
        text = f"it called for its end: SystemExit({error.code})"
    place, trace = "", error.__traceback__
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        if Own.root(path):
            place = f"{Own.shown(path)}, line {trace.tb_lineno}"
            line = __import__("linecache").getline(path, trace.tb_lineno).strip()
            place += f", `{line}`: " if line else ": "
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename and Own.root(error.filename):
        place = f"{Own.shown(error.filename)}, line {error.lineno}: "
    return (place + text)[:2000]


def is_shortage(error):
    import torch

    shortage = getattr(torch, "OutOfMemoryError", getattr(torch.cuda, "OutOfMemoryError", MemoryError))
    text = str(error)
    words = ("out of memory", "can't allocate memory", "not enough memory", "Cannot allocate memory")
    return isinstance(error, (MemoryError, shortage)) or any(word in text for word in words)


def seed_all(seed):
    import random

    import numpy
    import torch

    random.seed(seed)
    numpy.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


def same_logits(job, net, device):
    """Compares what the network says to a few images with what `sweep-torch` has heard it say."""
    import numpy
    import torch

    probe = job["probe"]
    expected = torch.from_numpy(numpy.fromfile(probe["logits"], numpy.float32).reshape(probe["count"], -1))
    images = dataset(job, "forget").take(numpy.arange(probe["count"])).to(device)
    net.eval()
    with torch.no_grad():
        found = net(images).float().cpu()
    net.train()
    if found.shape != expected.shape:
        raise Mismatch(f"it gives {list(found.shape[1:])} outputs, not {list(expected.shape[1:])}")
    distance = float((found - expected).abs().max())
    bound = 1e-3 * (1 + float(expected.abs().max()))
    if not distance <= bound:
        raise Mismatch(
            f"on {probe['count']} forget images the logits of the original differ by up to {distance:.3g} between the two "
            f"engines, where {bound:.3g} is allowed: they don't see the same network (normalisation, mode, or layers)"
        )


def returned(result, net):
    import torch

    if result is None:
        return net
    if not isinstance(result, torch.nn.Module):
        raise Refused(f"the function returned a {type(result).__name__}; return the network, or nothing")
    return result


def perform(job, messages):
    """Calls a function on a network that `sweep-torch` computes as well."""
    import torch

    device = torch.device("cuda" if job["cuda"] else "cpu")
    net = network(job["network"])
    net.load_state_dict(read_weights(job["weights"]))
    net.to(device)
    same_logits(job, net, device)
    net, seconds = called(job, net, device, messages)
    state = unwrapped(net.state_dict())
    finite = all(bool(tensor.isfinite().all()) for tensor in state.values())
    if finite:
        write_weights(job["result"], state)
    say(messages, answer={"seconds": seconds, "steps": Progress.steps, "finite": finite, "files": Own.files()})


def called(job, net, device, messages):
    """What a function leaves of a network, and how many seconds it has taken."""
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    positional = arguments(job, device)
    seed_all(job["seed"])
    Progress.messages, Progress.process = messages, os.getpid()
    register_optimizer_step_post_hook(lambda *_: Progress.move(steps=1))
    function = load(job["call"])
    seed_all(job["seed"])
    begin = time.perf_counter()
    net = returned(function(net, *positional, **job["call"]["arguments"]), net)
    if job["cuda"]:
        torch.cuda.synchronize()
    return net, time.perf_counter() - begin


# --- networks of the user's own ---------------------------------------------------------------------------------------


def built(job, seed):
    """The user's network as its constructor makes it, and the names and shapes of its tensors."""
    import torch

    seed_all(seed)
    code = job["network"]
    net = load(code)(**code["arguments"])
    if not isinstance(net, torch.nn.Module):
        raise Refused(f"`{code['function']}` gives a {type(net).__name__}, not a torch.nn.Module")
    state = net.state_dict()
    for name, tensor in state.items():
        if not isinstance(tensor, torch.Tensor) or tensor.is_complex():
            raise Refused(f"its state_dict holds `{name}`, which is no tensor of real or whole numbers")
    return net, {name: list(tensor.shape) for name, tensor in state.items()}


def take(net, known, state):
    """Gives a network weights, which must have its names and shapes; counts of batches may lack."""
    other = [f"lacks `{name}`" for name in known if name not in state and not name.endswith("num_batches_tracked")]
    other += [f"has `{name}` beside" for name in state if name not in known]
    other += [
        f"has `{name}` of {list(tensor.shape)}, not {known[name]}"
        for name, tensor in state.items()
        if name in known and list(tensor.shape) != known[name]
    ]
    if other:
        more = f" and {len(other) - 1} more differences" if len(other) > 1 else ""
        raise Refused(f"these are no weights of `{Own.network}`: the state_dict {other[0]}{more}")
    net.load_state_dict(state, strict=False)


def say_logits(net, images, classes):
    """Logits [B, classes] in float32, with everything that makes them none refused."""
    import torch

    with torch.no_grad():
        logits = net(images)
    if not isinstance(logits, torch.Tensor):
        raise Refused(f"`{Own.network}` gives a {type(logits).__name__}, not a tensor of logits")
    if list(logits.shape) != [len(images), classes]:
        raise Refused(
            f"`{Own.network}` gives {list(logits.shape)} for {len(images)} images, not [{len(images)}, {classes}]: the grid says "
            f"{classes} classes"
        )
    return logits.float().cpu()


def refuse_others(have, want, why):
    distance = float((have - want).abs().max())
    bound = 1e-3 * (1 + float(want.abs().max()))
    if want.isfinite().all() and not distance <= bound:
        raise Refused(f"logits of `{Own.network}` differ by up to {distance:.3g}, where {bound:.3g} is allowed: {why}")


def leave(job, device, messages):
    """In a process of its own: builds the network, calls the function, and leaves weights and what they say of a few images."""
    import numpy

    net, known = built(job, job["seed"])
    infinite = {name for name, tensor in net.state_dict().items() if not tensor.isfinite().all()}
    if job["weights"] is not None:
        take(net, known, read_weights(job["weights"]))
    net.to(device).train()
    seconds = 0.0
    if job["call"] is not None:
        net, seconds = called(job, net, device, messages)
    state = unwrapped(net.state_dict(), known)
    take(net, known, state)
    finite = all(name in infinite or bool(tensor.isfinite().all()) for name, tensor in state.items())
    if finite:
        write_weights(job["result"], state)
        net.eval()
        images = dataset(job, "forget").take(numpy.arange(job["probed"])).to(device)
        with open(job["said"], "wb") as said:
            said.write(say_logits(net, images, job["classes"]).numpy().tobytes())
    return {"seconds": seconds, "steps": Progress.steps, "finite": finite, "files": Own.files()}


def judge(job, device, messages):
    """Builds the network anew, gives it the weights that were left, and writes what it says of every image."""
    import numpy
    import torch

    # Whatever of the network its weights don't hold comes out otherwise.
    net, known = built(job, job["seed"] + 1)
    take(net, known, read_weights(job["result"]))
    net.to(device).eval()
    Progress.messages, Progress.process = messages, os.getpid()
    classes, probed = job["classes"], job["probed"]
    images = dataset(job, "forget").take(numpy.arange(probed)).to(device)
    probe = say_logits(net, images, classes)
    half = max(1, probed // 2)
    refuse_others(
        say_logits(net, images[:half], classes),
        probe[:half],
        "in eval mode it gives other logits for the same image each time, or they depend on the other images of a batch",
    )
    said = torch.from_numpy(numpy.fromfile(job["said"], numpy.float32).reshape(probed, classes))
    refuse_others(
        said,
        probe,
        "another process with the same weights says something else, so they aren't all that decides (a hook, a patch, numbers "
        "that are drawn anew and not in the state_dict)",
    )
    judged = {"data": job["judging"], "preparation": job["preparation"]}
    with open(job["logits"], "wb") as logits:
        for name in job["judged"]:
            examples = dataset(judged, name)
            for start in range(0, len(examples), 256):
                Progress.move()
                batch = examples.take(numpy.arange(start, min(start + 256, len(examples)))).to(device)
                logits.write(say_logits(net, batch, classes).numpy().tobytes())


def perform_own(job, messages):
    """Carries out a run on a network of the user's own: one process leaves weights, another judges them."""
    import torch

    device = torch.device("cuda" if job["cuda"] else "cpu")
    answer = os.memfd_create("answer")
    judge_id, child = os.getpid(), os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != judge_id:
            os._exit(1)
        del job["judging"]
        left = guarded(messages, lambda: leave(job, device, messages))
        if left is not None:
            os.write(answer, json.dumps(left).encode())
        end()
    _, status = os.waitpid(child, 0)
    left = os.pread(answer, 1 << 24, 0)
    if left:
        left = json.loads(left)
        if left["finite"]:
            judge(job, device, messages)
        say(messages, answer=left)
    elif os.WIFSIGNALED(status):
        if os.WTERMSIG(status) != signal.SIGKILL:
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    elif os.WEXITSTATUS(status):
        os._exit(os.WEXITSTATUS(status))


# --- the process ------------------------------------------------------------------------------------------------------


def guarded(messages, act):
    """Does something of which whatever it raises is told; gives what it gives, or nothing."""
    try:
        return act()
    except Mismatch as error:
        say(messages, failed={"kind": "refused", "message": str(error)})
    except Refused as error:
        say(messages, failed={"kind": "error", "message": str(error)})
    except BaseException as error:
        import traceback

        traceback.print_exc()
        kind = "out-of-memory" if is_shortage(error) else "error"
        say(messages, failed={"kind": kind, "message": told(error)})
    return None


def end():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    os._exit(0)


def main():
    messages = os.dup(1)
    os.dup2(2, 1)
    keep(messages, int(sys.argv[1]))
    sys.stdout.reconfigure(line_buffering=True)
    try:
        import numpy  # noqa: F401
        import torch

        for name in sys.argv[2:]:
            try:
                __import__(name)
            except ImportError:
                pass
    except BaseException as error:
        lacking = f"numpy and PyTorch, which functions are called with, can't be imported by {sys.executable}: {error}"
        say(messages, failed={"kind": "refused", "message": lacking[:2000]})
        os._exit(0)
    say(messages, ready={"torch": torch.__version__})
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    job = json.loads(line)
    for code in [job["network"] if job["own"] else None, job["call"]]:
        if code is not None:
            Own.add(code)
    Own.loader = own_first()
    if job["own"]:
        Own.network = job["network"]["function"]
        guarded(messages, lambda: perform_own(job, messages))
    else:
        guarded(messages, lambda: perform(job, messages))
    end()


main()
