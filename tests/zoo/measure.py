#!/usr/bin/env python3
"""Counts parameters and multiply-accumulates of a published architecture on the code of Hugging Face transformers.

    measure.py [--title TEXT] [--note TEXT]... [--device meta|cpu] [--check] NAME.config.json...

Reads NAME.config.json, builds the class that its `architectures` names, without weights (on the meta device), runs it
under torch.utils.flop_counter.FlopCounterMode and writes NAME.json beside it. What a NAME.json already says by hand
(title, class, forward_comparable, kv_comparable, params_also, notes and the points to measure) is kept; only the counts are new.
`--check` writes nothing and says whether the counts are those of the file. `--device cpu` runs with real weights and
real routing of experts instead: for the small variants, as a check of the meta device.

Needs torch 2.9.1 and transformers 4.57.6 and nothing else. Run by hand, never by the tests. Conventions: README.md.
"""
import argparse
import copy
import json
import pathlib
import re
import sys
from collections import defaultdict

import torch
import transformers
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode
from transformers.modeling_utils import no_init_weights

# A module with more batched products than this in one call loops over something: they are one entry, `#bmm*`.
MANY = 8
VISION = {"vit", "deit", "dinov2", "swin", "convnext", "resnet", "clip_vision_model"}
KEPT = ("title", "class", "forward_comparable", "kv_comparable", "params_also", "notes")


class Autocast(torch.autocast):
    """Rotary tables switch autocast off for their device, a word that torch refuses for the meta device."""

    def __init__(self, device_type, *args, **kwargs):
        super().__init__("cpu" if device_type == "meta" else device_type, *args, **kwargs)


torch.autocast = Autocast


class Modules:
    """Which module of a model is running, and how many batched products it has made in this call."""

    def __init__(self, model):
        self.stack = []
        for name, module in model.named_modules():
            module.register_forward_pre_hook(lambda _m, _a, name=name: self.stack.append([name, 0]))
            module.register_forward_hook(lambda _m, _a, _o: self.stack.pop() and None)


class Counter(FlopCounterMode):
    """The library's counter, which also adds up the MACs of each module; layers and experts are one entry, `*`."""

    def __init__(self, modules):
        super().__init__(display=False)
        self.modules, self.by_module, self.rotary, self.looping = modules, defaultdict(int), 0, set()

    def _count_flops(self, func_packet, out, args, kwargs):
        before = self.get_total_flops()
        result = super()._count_flops(func_packet, out, args, kwargs)
        macs = (self.get_total_flops() - before) // 2
        if macs:
            here = self.modules.stack[-1] if self.modules.stack else ["", 0]
            name = wildcard(here[0])
            if func_packet in (torch.ops.aten.bmm, torch.ops.aten.baddbmm):
                self.looping.update([name] if here[1] >= MANY else [])
                entry = f"{name}#bmm{here[1]}"
                here[1] += 1
            else:
                entry = name
            self.by_module[entry] += macs
            self.rotary += macs if "rotary" in name else 0
        return result

    def point(self, at):
        merged = defaultdict(int)
        for entry, macs in self.by_module.items():
            name = entry.split("#")[0]
            merged[name + "#bmm*" if "#" in entry and name in self.looping else entry] += macs
        rotary = {"rotary_table_macs": self.rotary} if self.rotary else {}
        total = self.get_total_flops() // 2
        assert total == sum(merged.values()), "every product has a module"
        return {**at, "macs": total, **rotary, "macs_by_module": dict(merged)}


class Routing(TorchFunctionMode):
    """Gives data-dependent code on the meta device what it asks for.

    A router's choice becomes real: token t takes experts t*k, t*k+1, ... around the ring, so each token goes through
    exactly k of them. The products of the experts stay the library's own. A question about meta values has no answer
    and is answered no; measure() says so, for only what does not change a count may be asked.
    """

    # These take no arguments of two devices: a real choice or a constant joins the others.
    STRICT = {torch.Tensor.index_add_, torch.Tensor.gather, torch.Tensor.scatter_, torch.Tensor.masked_fill}
    STRICT |= {torch.Tensor.gt, torch.Tensor.__gt__}

    def __init__(self):
        self.chosen = self.asked = False

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in (torch.topk, torch.Tensor.topk) and args[0].is_meta:
            self.chosen = True
            values, index = func(*args, **kwargs)
            k, among = index.shape[-1], args[0].shape[-1]
            with torch.device("cpu"):
                ring = torch.arange(index.numel()) % among
            return torch.return_types.topk((values, ring.view(index.shape)))
        if func in self.STRICT and args[0].is_meta:
            args = tuple(a.to("meta") if isinstance(a, torch.Tensor) else a for a in args)
        if func in (torch.Tensor.__bool__, torch.Tensor.__contains__) and args[0].is_meta:
            self.asked = True
            return False
        return func(*args, **kwargs)


def wildcard(name):
    return re.sub(r"(?<![^.])\d+(?![^.])", "*", name)


def build(config, name, device):
    config = copy.deepcopy(config)
    config._attn_implementation = "eager"
    config.dtype = torch.float32
    config.use_mamba_kernels = False  # Jamba's, of a GPU
    # There is nothing to initialise, and the library cannot initialise norms without parameters (OPT).
    with torch.device(device), no_init_weights():
        model = getattr(transformers, name)(config).eval()
    model.tie_weights()
    with torch.no_grad():
        for p in model.parameters() if device != "meta" else ():
            p.normal_(std=0.02)
    for module in model.modules():  # its other path multiplies every token with every expert
        if type(module).__name__ == "GptOssExperts":
            module.training = True
    return model


def parameters(model):
    total, groups = 0, defaultdict(int)
    for name, p in model.named_parameters():  # a tied tensor comes once
        name = wildcard(name)
        groups[name[: name.index("*") + 1] if "*" in name else name.rpartition(".")[0]] += p.numel()
        total += p.numel()
    return total, dict(groups)


def kind(config, name):
    if config.model_type == "whisper":
        return "audio"
    if config.model_type in VISION:
        return "image"
    if config.model_type == "clip":
        return "both"
    if config.is_encoder_decoder and not name.endswith("EncoderModel"):
        return "pair"
    if config.model_type in ("bert", "roberta", "distilbert", "albert", "clip_text_model", "t5"):
        return "text"
    return "causal"


def default_points(config, what):
    """Points as asked for in README.md, inside the positions that the model has."""
    most = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or 1 << 20
    if what == "image":
        return [{"B": 1}, {"B": 2}], []
    if what == "both":
        return [{"B": 1, "T": 77}, {"B": 3, "T": 17}], []
    if what == "audio":
        points = [{"B": 1, "T": 100, "S": 3000}, {"B": 2, "T": 448, "S": 3000}]
        frames, most = 2 * config.max_source_positions, config.max_target_positions
        points = [{"B": p["B"], "T": min(p["T"], most), "S": frames} for p in points]
        return points, points
    if what == "pair":
        points = [{"B": 1, "T": 100, "S": 1000}, {"B": 2, "T": 64, "S": 257}]
        return points, points
    if what == "text":
        most -= 2 if config.model_type == "roberta" else 0  # its positions begin behind the padding index
        points = [{"B": 1, "T": min(512, most)}, {"B": 2, "T": min(257, most)}]
        return points if most > 257 else [{"B": 1, "T": most}, {"B": 2, "T": 17}], []
    window = getattr(config, "sliding_window", None) or getattr(config, "attention_window_size", None) or 0
    points = [{"B": 1, "T": min(1000, most)}, {"B": 2, "T": min(257, most)}]
    beyond = [{"B": 1, "T": 5000}] if 1 < window < 5000 <= most else []
    return points + beyond, points + beyond


def ids(b, t, device):
    return torch.zeros(b, t, dtype=torch.long, device=device) + (5 if device != "meta" else 0)


def pixels(config, b, device):
    config = getattr(config, "vision_config", config)
    size = getattr(config, "image_size", None) or 224
    h, w = size if isinstance(size, (list, tuple)) else (size, size)
    return torch.zeros(b, config.num_channels, h, w, device=device)


def inputs(config, what, at, device):
    """What one forward pass takes: T tokens, or S source and T target ones, or S mel frames, or images."""
    b, t, s = at["B"], at.get("T"), at.get("S")
    if what == "image":
        return {"pixel_values": pixels(config, b, device)}
    if what == "both":
        return {"pixel_values": pixels(config, b, device), "input_ids": ids(b, t, device)}
    if what == "audio":
        mel = torch.zeros(b, config.num_mel_bins, s, device=device)
        return {"input_features": mel, "decoder_input_ids": ids(b, t, device)}
    if what == "pair":
        return {"input_ids": ids(b, s, device), "decoder_input_ids": ids(b, t, device)}
    # Jamba takes the size of its mask from the last place, which must be real.
    places = {"cache_position": torch.arange(t)} if config.model_type == "jamba" else {}
    return {"input_ids": ids(b, t, device), **places}


def run(model, counter, asked, **given):
    with torch.no_grad(), Routing() as routing:
        if counter is None:
            out = model(**given)
        else:
            with counter:
                out = model(**given)
    asked.update(k for k in ("asked", "chosen") if getattr(routing, k))
    return out


def decode(model, modules, config, what, at, device, asked):
    """One new token behind T-1 others that a cache holds."""
    counter = Counter(modules)
    before = inputs(config, what, {**at, "T": at["T"] - 1}, device)
    out = run(model, None, asked, **before, use_cache=True)
    token, b, t = ids(at["B"], 1, device), at["B"], at["T"]
    place = {"cache_position": torch.tensor([t - 1], device=device)}
    if hasattr(out, "cache_params"):
        # A real place: Mamba 2 asks whether it is the first and would convolve the whole window again if told it is.
        place = {"cache_params": out.cache_params, "cache_position": torch.tensor([t - 1])}
        run(model, counter, asked, input_ids=token, **place, use_cache=True)
    elif hasattr(out, "state"):
        run(model, counter, asked, input_ids=token, state=out.state, use_cache=True)
    elif what in ("pair", "audio"):
        encoded = transformers.modeling_outputs.BaseModelOutput(last_hidden_state=out.encoder_last_hidden_state)
        given = {"encoder_outputs": encoded, "decoder_input_ids": token, "past_key_values": out.past_key_values}
        run(model, counter, asked, **given, use_cache=True)
    else:
        cache = {"past_key_values": out.past_key_values} if "past_key_values" in out else {}
        run(model, counter, asked, input_ids=token, **cache, **(place if not cache else {}), use_cache=True)
    return counter.point(at)


def cache_elements(cache):
    layers = getattr(cache, "layers", [])
    return sum(x.numel() for layer in layers for x in (layer.keys, layer.values) if x is not None)


def measure(path, title, notes, device):
    seen = json.loads(path.read_text())
    target = path.with_name(path.name.replace(".config.json", ".json"))
    old = json.loads(target.read_text()) if target.exists() else {}
    name = old.get("class", seen["architectures"][0])
    config = getattr(transformers, name).config_class.from_dict(seen)
    what = kind(config, name)
    model = build(config, name, device)
    modules, asked = Modules(model), set()
    new = {k: old[k] for k in KEPT if k in old}
    new.update({"title": title} if title else {})
    new["class"], (new["params"], new["params_by_group"]) = name, parameters(model)
    new.setdefault("notes", []).extend(n for n in notes if n not in new["notes"])
    forward, steps = default_points(config, what)
    if old.get("forward"):
        forward, steps = ([{k: p[k] for k in "BTS" if k in p} for p in old.get(f, [])] for f in ("forward", "decode"))
    if not hasattr(model, "lm_head") and what == "causal" and not name.endswith(("ForCausalLM", "LMHeadModel")):
        steps = []
    new["forward"] = []
    for at in forward:
        counter = Counter(modules)
        run(model, counter, asked, **inputs(config, what, at, device))
        new["forward"].append(counter.point(at))
    new["decode"] = [decode(model, modules, config, what, at, device, asked) for at in steps]
    new["kv_cache"] = []
    # Latent attention is cached expanded by this code: no cache to compare.
    whole = what == "causal" and new.get("kv_comparable", not getattr(config, "kv_lora_rank", None))
    for at in steps if whole else []:
        out = run(model, None, asked, **inputs(config, what, at, device), use_cache=True)
        held = cache_elements(out.get("past_key_values"))
        # A window's cache holds one key less between steps than a step reads: no point beyond it.
        if held and at["T"] <= (getattr(config, "sliding_window", None) or at["T"]):
            new["kv_cache"].append({**at, "bytes_bf16": 2 * held})
    if asked:
        print(f"{target.stem}: {', '.join(sorted(asked))} on {device}", file=sys.stderr)
    order = ("title", "class", "params", "params_also", "params_by_group", "forward_comparable")
    order += ("kv_comparable", "forward", "decode", "kv_cache", "notes")
    return target, old, {k: new[k] for k in order if k in new}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--title")
    ap.add_argument("--note", action="append", default=[])
    ap.add_argument("--device", default="meta", choices=("meta", "cpu"))
    ap.add_argument("--check", action="store_true")
    ap.add_argument("configs", nargs="+", type=pathlib.Path)
    a = ap.parse_args()
    transformers.logging.set_verbosity_error()
    bad = 0
    for path in a.configs:
        target, old, new = measure(path, a.title, a.note, a.device)
        if not a.check:
            target.write_text(json.dumps(new, indent=1) + "\n")
            print(f"{target.stem}: {new['params']}")
            continue
        differing = [k for k in ("params", "forward", "decode", "kv_cache") if old.get(k, []) != new.get(k)]
        bad += bool(differing)
        print(f"{target.stem}: {'differs in ' + ', '.join(differing) if differing else 'equal'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
