//! The words for what a row of the ledger is about: parts, directions of mixing, and the roles that symbols play.

use std::fmt;

/// Declares an enum of words with their texts.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$item])* $variant,)*
        }

        impl $name {
            /// All of them, in the order of reports.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The word in model files and reports.
            pub fn word(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words! {
    /// What a part of a network a row belongs to.
    Part {
        /// Lookup of tokens, patches, positions.
        Embedding = "embedding",
        /// Projections to queries, keys and values.
        Qkv = "qkv",
        /// Products of queries and keys, and what is made of them.
        Scores = "scores",
        /// Products of scores and values.
        Mixing = "mixing",
        /// Projection of what attention gathered.
        Out = "out",
        /// Feed-forward layers.
        Mlp = "mlp",
        /// Choice of experts.
        Router = "router",
        /// Feed-forward layers of which a token passes some.
        Experts = "experts",
        /// Normalisation.
        Norm = "norm",
        /// Positions that enter by arithmetic, such as rotations.
        Position = "position",
        /// Convolutions.
        Conv = "conv",
        /// State-space layers and other recurrences.
        Ssm = "ssm",
        /// What turns the last hidden state into the result.
        Head = "head",
        /// All else, such as residual sums.
        Other = "other",
    }
}

words! {
    /// Whether an op moves along positions.
    Mixing {
        /// Transforms each position by itself.
        Vertical = "vertical",
        /// Mixes positions: sums over them, or pairs two of them.
        Horizontal = "horizontal",
    }
}

words! {
    /// What a symbol stands for in an architecture; reports show these in the card on top.
    Role {
        /// Sequences or images at a time.
        Batch = "batch",
        /// Context or prompt tokens.
        Context = "context",
        /// Tokens on the side of the encoder.
        Source = "source",
        /// Layers.
        Layers = "layers",
        /// Width of the residual stream.
        Width = "width",
        /// Query heads.
        Heads = "heads",
        /// Key and value heads.
        KvHeads = "kv_heads",
        /// Size of a head.
        HeadSize = "head_size",
        /// Width of the hidden layer of the MLP.
        MlpWidth = "mlp_width",
        /// Vocabulary.
        Vocabulary = "vocabulary",
        /// Learned positions.
        Positions = "positions",
        /// Experts of a layer.
        Experts = "experts",
        /// Experts that a token passes.
        ActiveExperts = "active_experts",
        /// Positions that a window spans.
        Window = "window",
        /// Classes of a classifier.
        Classes = "classes",
        /// Channels of an image.
        Channels = "channels",
        /// Side of an image, in pixels.
        Image = "image",
        /// Side of a patch, in pixels.
        Patch = "patch",
    }
}

impl Role {
    /// The line of the card.
    pub fn label(self) -> String {
        match self {
            Role::MlpWidth => String::from("MLP width"),
            Role::KvHeads => String::from("key-value heads"),
            other => other.word().replace('_', " "),
        }
    }
}
