//! The arguments of the command line.

use std::convert::Infallible;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::report::{Cut, Format, Show};
use crate::summary::Grouping;
use crate::sym::{Form, Syntax};

/// An exact, symbolic ledger of the dot products in a neural architecture.
///
/// A model is a RON file: a graph of tensor ops with symbolic dimensions. dotledger proves its shapes and says how many
/// dot products of which length it takes, hence how many MACs and FLOPs, as formulas or as exact numbers.
#[derive(Debug, Parser)]
#[command(name = "dotledger", version, about, max_term_width = 110, after_long_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXAMPLES: &str = "Examples:
  dotledger check models/*.ron
  dotledger verify models/*.ron
  dotledger report models/walkthrough.ron --preset walkthrough
  dotledger report models/llama.ron --phase decode --preset llama3_8b --set B=1 --set T=8192
  dotledger formula models/walkthrough.ron macs --in T,L,d --form factored
  dotledger formula models/llama.ron flops --preset llama3_8b --set T=8192 --profile megatron --per B*T
  dotledger report models/llama.ron --preset llama3_8b --profile megatron --against torchtitan
  dotledger report config.json --phase decode --set B=1 --set T=8192
  dotledger list llama --context 8192
  dotledger new my_model --from llama
  dotledger ops Einsum

Exit status: 0 fine, 1 the model or the check failed, 2 the call is wrong.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Prove the shapes of models, or show every mistake at its line and column.
    Check(Check),
    /// Count models by brute force at small random sizes, and compare with their formulas.
    Verify(Verify),
    /// Print the ledger of a model: a row for each op, subtotals, dot lengths.
    Report(Report),
    /// Print one formula of a model, or its number when no symbol is free.
    Formula(Formula),
    /// Make a model file of a Hugging Face `config.json`: its family, with its sizes as a preset.
    Import(Import),
    /// List the zoo: families with their presets, parameters, FLOPs and cache a token.
    List(List),
    /// Print the model file of a family of the zoo.
    Show(ShowFamily),
    /// Start an own architecture from a family of the zoo.
    New(New),
    /// Print the reference of the ops that a model can use.
    Ops(Ops),
    /// List the conventions of counting, or print one, to start another from.
    Profile(Profile),
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Models in RON, or Hugging Face `config.json`s; `-` reads standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// A model file whose `configs` map configurations, in place of those that are shipped.
    #[arg(long, value_name = "MODEL")]
    pub(super) family: Option<PathBuf>,
}

/// The index space of every op and mask is walked, dot by dot, and phases run step by step, with a cache that grows and experts
/// that are chosen; shapes, dots, lengths, MACs, FLOPs, elementwise operations, parameters and what is stored are compared row
/// by row, under the profiles exact and torch. The walk shares no rule with the ledger. A disagreement is shown at the smallest
/// sizes that have it, and ends with status 1.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Model files in RON; `-` reads standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Sets of sizes for each phase and setting of the switches.
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) rounds: u32,
    /// Where the drawing of sizes starts; the same seed draws the same.
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub(super) seed: u64,
    /// Largest size that is drawn.
    #[arg(long, default_value_t = 4, value_name = "SIZE", value_parser = clap::value_parser!(i64).range(1..=64))]
    pub(super) largest: i64,
    /// Only this phase; left out: all that the model has.
    #[arg(long, value_name = "PHASE")]
    pub(super) phase: Option<String>,
    /// A number for a symbol, which is drawn otherwise, or `true` or `false` for a switch, which is turned both ways otherwise.
    #[arg(long, value_name = "K=V")]
    pub(super) set: Vec<String>,
    /// Form of the verdict.
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub(super) format: VerdictFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum VerdictFormat {
    Table,
    Json,
}

/// What is looked at: which model, which way of running it, at which values.
#[derive(Debug, Args)]
pub(super) struct Selectors {
    /// A model in RON, or a Hugging Face `config.json`; `-` reads standard input.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// A model file whose `configs` map the configuration, in place of those that are shipped.
    #[arg(long, value_name = "MODEL")]
    pub(super) family: Option<PathBuf>,
    /// Phase: forward, prefill, decode, chunk, generate or one of the model's own, as far as it has them.
    #[arg(long, default_value = "forward", value_name = "PHASE")]
    pub(super) phase: String,
    /// Values of a published size, by the name that the model gives it.
    #[arg(long, value_name = "NAME")]
    pub(super) preset: Option<String>,
    /// A value for a symbol (a number or an expression) or a switch (true or false); may be repeated.
    #[arg(long, value_name = "K=V")]
    pub(super) set: Vec<String>,
    /// Symbols to write formulas in; others are eliminated by the model's relations and the preset's values.
    #[arg(long = "in", value_name = "T,L,d", value_delimiter = ',', value_parser = trimmed)]
    pub(super) basis: Vec<String>,
    /// Type of stored scalars, for bytes: f32, bf16, f16, fp8, int8 or int4.
    #[arg(long, default_value = "bf16", value_name = "TYPE")]
    pub(super) dtype: String,
    /// Convention of counting, or a profile file: exact, torch, fvcore, megatron, torchtitan, palm, chinchilla,
    /// chinchilla_printed or kaplan; `dotledger profile` says what each counts.
    #[arg(long, default_value = "exact", value_name = "NAME")]
    pub(super) profile: String,
}

/// A name without the blanks around it.
fn trimmed(name: &str) -> Result<String, Infallible> {
    Ok(name.trim().to_owned())
}

#[derive(Debug, Args)]
pub(super) struct Report {
    #[command(flatten)]
    pub(super) selectors: Selectors,
    /// Show only the rows, or only the subtotals by part, op, block, mixing direction, stage of the phase or dot length.
    #[arg(long, value_name = "WHAT")]
    pub(super) by: Option<By>,
    /// Compare the FLOPs with those of another profile, by name or from a file: by part, or by what `--by` says.
    #[arg(long, value_name = "NAME")]
    pub(super) against: Option<String>,
    /// Form of the report.
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub(super) format: ReportFormat,
    /// Formulas, numbers or both; left out: numbers where all symbols are bound, formulas elsewhere. With `numbers` a
    /// symbol that is free is an error.
    #[arg(long, value_name = "WHAT")]
    pub(super) show: Option<ShowWhat>,
    /// Write to a file instead of standard output, which `-` names too.
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Formula {
    /// A model file in RON; `-` reads standard input.
    #[command(flatten)]
    pub(super) selectors: Selectors,
    /// What to print.
    #[arg(value_name = "QUANTITY")]
    pub(super) quantity: QuantityName,
    /// Divide by an expression in the model's symbols, such as `T` or `B*T`; the answer is exact and may be a fraction.
    #[arg(long, value_name = "EXPR")]
    pub(super) per: Option<String>,
    /// Print the number; a symbol that is free is an error.
    #[arg(long)]
    pub(super) value: bool,
    /// A sum of products, or factored.
    #[arg(long, default_value = "expanded")]
    pub(super) form: FormName,
    /// Language of the formula.
    #[arg(long, default_value = "ascii")]
    pub(super) syntax: SyntaxName,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// A Hugging Face `config.json`; `-` reads standard input.
    #[arg(value_name = "CONFIG")]
    pub(super) file: PathBuf,
    /// A model file whose `configs` map the configuration, in place of those that are shipped.
    #[arg(long, value_name = "MODEL")]
    pub(super) family: Option<PathBuf>,
    /// The name of the preset; left out: the name of the file.
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Write to a file instead of standard output, which `-` names too.
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: Option<PathBuf>,
}

/// FLOPs are those of one token: of a decode step where a model has a cache, its context T counting the token; of a forward
/// pass divided by its tokens where it has none. Models of images are listed by the image.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only these families; left out: all.
    #[arg(value_name = "FAMILY")]
    pub(super) families: Vec<String>,
    /// The context, a number.
    #[arg(long = "context", default_value_t = 512, value_name = "T", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    pub(super) context: u64,
    /// Type of stored scalars, for bytes: f32, bf16, f16, fp8, int8 or int4.
    #[arg(long, default_value = "bf16", value_name = "TYPE")]
    pub(super) dtype: String,
    /// Convention of counting, or a profile file.
    #[arg(long, default_value = "exact", value_name = "NAME")]
    pub(super) profile: String,
    /// Form of the list.
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub(super) format: ReportFormat,
    /// Write to a file instead of standard output, which `-` names too.
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ShowFamily {
    /// A family, as `dotledger list` names it.
    #[arg(value_name = "FAMILY")]
    pub(super) name: String,
}

#[derive(Debug, Args)]
pub(super) struct New {
    /// The name of the new model.
    #[arg(value_name = "NAME")]
    pub(super) name: String,
    /// The family to start from.
    #[arg(long, value_name = "FAMILY")]
    pub(super) from: String,
    /// The file; left out: NAME.ron. `-` names standard output.
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Ops {
    /// Only this op.
    #[arg(value_name = "OP")]
    pub(super) name: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Profile {
    /// Print this one.
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,
}

/// What a report is cut to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    Node,
    Block,
    Part,
    Op,
    Mixing,
    Stage,
    Length,
}

impl By {
    pub(super) fn cut(self) -> Cut {
        match self {
            By::Node => Cut::Rows,
            By::Block => Cut::Group(Grouping::Block),
            By::Part => Cut::Group(Grouping::Part),
            By::Op => Cut::Group(Grouping::Op),
            By::Mixing => Cut::Group(Grouping::Mixing),
            By::Stage => Cut::Group(Grouping::Stage),
            By::Length => Cut::Lengths,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    Table,
    Markdown,
    Latex,
    Csv,
    Json,
}

impl ReportFormat {
    pub(super) fn format(self) -> Format {
        match self {
            ReportFormat::Table => Format::Table,
            ReportFormat::Markdown => Format::Markdown,
            ReportFormat::Latex => Format::Latex,
            ReportFormat::Csv => Format::Csv,
            ReportFormat::Json => Format::Json,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ShowWhat {
    Formulas,
    Numbers,
    Both,
}

impl ShowWhat {
    pub(super) fn show(self) -> Show {
        match self {
            ShowWhat::Formulas => Show::Formulas,
            ShowWhat::Numbers => Show::Numbers,
            ShowWhat::Both => Show::Both,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum QuantityName {
    /// Dot products: output scalars of contractions.
    Dots,
    /// Multiply-accumulates.
    Macs,
    /// Floating-point operations under the profile.
    Flops,
    /// Trainable scalars, tied ones once.
    Params,
    /// Trainable scalars that a token passes through.
    ParamsActive,
    /// Elementwise operations of all kinds.
    Elementwise,
    /// Bytes in caches when the phase is over.
    KvCacheBytes,
    /// Bytes in the states of recurrences when the phase is over.
    StateBytes,
    /// Bytes of caches and states that earlier passes left and the phase reads.
    CacheReadBytes,
    /// Bytes that the phase writes to caches and states.
    CacheWriteBytes,
    /// Bytes of weights that are read, once a pass, should all positions choose the same experts.
    WeightBytesLower,
    /// Bytes of weights that are read, should each position choose experts by chance.
    WeightBytesExpected,
    /// Bytes of weights that are read, should positions choose as many experts as there are.
    WeightBytesUpper,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FormName {
    Expanded,
    Factored,
}

impl FormName {
    pub(super) fn form(self) -> Form {
        match self {
            FormName::Expanded => Form::Expanded,
            FormName::Factored => Form::Factored,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SyntaxName {
    Unicode,
    Ascii,
    Latex,
    Python,
    Rust,
    Sql,
}

impl SyntaxName {
    pub(super) fn syntax(self) -> Syntax {
        match self {
            SyntaxName::Unicode => Syntax::Unicode,
            SyntaxName::Ascii => Syntax::Ascii,
            SyntaxName::Latex => Syntax::Latex,
            SyntaxName::Python => Syntax::Python,
            SyntaxName::Rust => Syntax::Rust,
            SyntaxName::Sql => Syntax::Sql,
        }
    }
}
