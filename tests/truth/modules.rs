//! Which rows of our models the modules of the measured ones are.

/// Which rows of a model of ours a module of the measured one is.
pub(crate) type Modules = &'static [(&'static str, &'static [&'static str])];

pub(crate) const GPT2: Modules = &[
    ("transformer.h.*.attn.c_attn", &["q", "k", "v"]),
    ("transformer.h.*.attn#bmm0", &["scores"]),
    ("transformer.h.*.attn#bmm1", &["mixed"]),
    ("transformer.h.*.attn.c_proj", &["out"]),
    ("transformer.h.*.mlp.c_fc", &["up"]),
    ("transformer.h.*.mlp.c_proj", &["down"]),
    ("lm_head", &["logits"]),
];
pub(crate) const LLAMA: Modules = &[
    ("model.layers.*.self_attn.q_proj", &["q"]),
    ("model.layers.*.self_attn.k_proj", &["k"]),
    ("model.layers.*.self_attn.v_proj", &["v"]),
    ("model.layers.*.self_attn#bmm0", &["scores"]),
    ("model.layers.*.self_attn#bmm1", &["mixed"]),
    ("model.layers.*.self_attn.o_proj", &["out"]),
    ("model.layers.*.mlp.gate_proj", &["gate"]),
    ("model.layers.*.mlp.up_proj", &["up"]),
    ("model.layers.*.mlp.down_proj", &["down"]),
    ("lm_head", &["logits"]),
];
pub(crate) const GEMMA: Modules = &[
    ("model.layers.*.self_attn.q_proj", &["q"]),
    ("model.layers.*.self_attn.k_proj", &["k"]),
    ("model.layers.*.self_attn.v_proj", &["v"]),
    ("model.layers.*.self_attn#bmm0", &["scores"]),
    ("model.layers.*.self_attn#bmm1", &["mixed"]),
    ("model.layers.*.self_attn.o_proj", &["out"]),
    ("model.layers.*.mlp.gate_proj", &["gate"]),
    ("model.layers.*.mlp.up_proj", &["up"]),
    ("model.layers.*.mlp.down_proj", &["down"]),
    ("lm_head", &["raw"]),
];
pub(crate) const MIXTRAL: Modules = &[
    ("model.layers.*.self_attn.q_proj", &["q"]),
    ("model.layers.*.self_attn.k_proj", &["k"]),
    ("model.layers.*.self_attn.v_proj", &["v"]),
    ("model.layers.*.self_attn#bmm0", &["scores"]),
    ("model.layers.*.self_attn#bmm1", &["mixed"]),
    ("model.layers.*.self_attn.o_proj", &["out"]),
    ("model.layers.*.block_sparse_moe.gate", &["choice"]),
    ("model.layers.*.block_sparse_moe.experts.*.w1", &["gate"]),
    ("model.layers.*.block_sparse_moe.experts.*.w3", &["up"]),
    ("model.layers.*.block_sparse_moe.experts.*.w2", &["down"]),
    ("lm_head", &["logits"]),
];
pub(crate) const DEEPSEEK: Modules = &[
    ("model.layers.*.self_attn.q_proj", &["raw_q"]),
    ("model.layers.*.self_attn.kv_a_proj_with_mqa", &["fold"]),
    ("model.layers.*.self_attn.kv_b_proj", &["both"]),
    ("model.layers.*.self_attn#bmm0", &["scores"]),
    ("model.layers.*.self_attn#bmm1", &["mixed"]),
    ("model.layers.*.self_attn.o_proj", &["out"]),
    ("model.layers.*.mlp.gate_proj", &["first.mlp.gate"]),
    ("model.layers.*.mlp.up_proj", &["first.mlp.up"]),
    ("model.layers.*.mlp.down_proj", &["first.mlp.down"]),
    ("model.layers.*.mlp.gate", &["choice"]),
    ("model.layers.*.mlp.experts.*.gate_proj", &["made.gate"]),
    ("model.layers.*.mlp.experts.*.up_proj", &["made.up"]),
    ("model.layers.*.mlp.experts.*.down_proj", &["made.down"]),
    (
        "model.layers.*.mlp.shared_experts.gate_proj",
        &["shared.gate"],
    ),
    ("model.layers.*.mlp.shared_experts.up_proj", &["shared.up"]),
    (
        "model.layers.*.mlp.shared_experts.down_proj",
        &["shared.down"],
    ),
    ("lm_head", &["logits"]),
];
pub(crate) const BERT: Modules = &[
    ("encoder.layer.*.attention.self.query", &["q"]),
    ("encoder.layer.*.attention.self.key", &["k"]),
    ("encoder.layer.*.attention.self.value", &["v"]),
    ("encoder.layer.*.attention.self#bmm0", &["scores"]),
    ("encoder.layer.*.attention.self#bmm1", &["mixed"]),
    ("encoder.layer.*.attention.output.dense", &["out"]),
    ("encoder.layer.*.intermediate.dense", &["up"]),
    ("encoder.layer.*.output.dense", &["down"]),
    ("pooler.dense", &["dense"]),
];
pub(crate) const VIT: Modules = &[
    ("vit.embeddings.patch_embeddings.projection", &["patches"]),
    ("vit.encoder.layer.*.attention.attention.key", &["k"]),
    ("vit.encoder.layer.*.attention.attention.value", &["v"]),
    ("vit.encoder.layer.*.attention.attention.query", &["q"]),
    ("vit.encoder.layer.*.attention.attention#bmm0", &["scores"]),
    ("vit.encoder.layer.*.attention.attention#bmm1", &["mixed"]),
    ("vit.encoder.layer.*.attention.output.dense", &["out"]),
    ("vit.encoder.layer.*.intermediate.dense", &["up"]),
    ("vit.encoder.layer.*.output.dense", &["down"]),
    ("classifier", &["logits"]),
];
pub(crate) const T5: Modules = &[
    ("encoder.block.*.layer.*.SelfAttention.q", &["encoded.q"]),
    ("encoder.block.*.layer.*.SelfAttention.k", &["encoded.k"]),
    ("encoder.block.*.layer.*.SelfAttention.v", &["encoded.v"]),
    (
        "encoder.block.*.layer.*.SelfAttention#bmm0",
        &["encoded.scores"],
    ),
    (
        "encoder.block.*.layer.*.SelfAttention#bmm1",
        &["encoded.mixed"],
    ),
    ("encoder.block.*.layer.*.SelfAttention.o", &["encoded.out"]),
    (
        "encoder.block.*.layer.*.DenseReluDense.wi",
        &["encoded.mlp.up"],
    ),
    (
        "encoder.block.*.layer.*.DenseReluDense.wo",
        &["encoded.mlp.down"],
    ),
    ("decoder.block.*.layer.*.SelfAttention.q", &["self.q"]),
    ("decoder.block.*.layer.*.SelfAttention.k", &["self.k"]),
    ("decoder.block.*.layer.*.SelfAttention.v", &["self.v"]),
    (
        "decoder.block.*.layer.*.SelfAttention#bmm0",
        &["self.scores"],
    ),
    (
        "decoder.block.*.layer.*.SelfAttention#bmm1",
        &["self.mixed"],
    ),
    ("decoder.block.*.layer.*.SelfAttention.o", &["self.out"]),
    ("decoder.block.*.layer.*.EncDecAttention.q", &["cross.q"]),
    ("decoder.block.*.layer.*.EncDecAttention.k", &["cross.k"]),
    ("decoder.block.*.layer.*.EncDecAttention.v", &["cross.v"]),
    (
        "decoder.block.*.layer.*.EncDecAttention#bmm0",
        &["cross.scores"],
    ),
    (
        "decoder.block.*.layer.*.EncDecAttention#bmm1",
        &["cross.mixed"],
    ),
    ("decoder.block.*.layer.*.EncDecAttention.o", &["cross.out"]),
    (
        "decoder.block.*.layer.*.DenseReluDense.wi",
        &["layers.mlp.up"],
    ),
    (
        "decoder.block.*.layer.*.DenseReluDense.wo",
        &["layers.mlp.down"],
    ),
    ("lm_head", &["logits"]),
];
