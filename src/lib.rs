//! An exact, symbolic ledger of the dot products in a neural architecture, before the architecture exists as code.
//!
//! A model is a text: symbols, and a graph of tensor ops over shapes in those symbols. [`trace`] reads one and proves
//! that its shapes fit; a [`Ledger`] says of each op how many dot products of which length it takes, hence how many MACs
//! and FLOPs; a [`Formula`] is an exact closed form that prints itself, changes its symbols and evaluates to exact numbers.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let model = dotledger::trace(
//!     r#"Model(
//!         name: "mlp",
//!         phases: [forward],
//!         symbols: (L: layers, T: context, d: width, f: Derived("4 * d", mlp_width)),
//!         blocks: (
//!             mlp: Block(
//!                 part: mlp,
//!                 inputs: (x: "n d"),
//!                 nodes: (
//!                     up:   Linear(x, "d -> f"),
//!                     act:  Map(gelu, [up]),
//!                     down: Linear(act, "f -> d"),
//!                 ),
//!                 output: down,
//!             ),
//!         ),
//!         inputs: (x: "@n d"),
//!         nodes: (layers: Repeat(mlp, "L", x)),
//!         output: layers,
//!     )"#,
//! )?;
//! let ledger = model.forward()?;
//! let macs = ledger.macs().in_basis(&["T", "L", "d"])?;
//! assert_eq!(macs.to_string(), "8*L*T*d^2");
//! assert_eq!(macs.at(&[("T", 1000), ("L", 48), ("d", 4096)])?.to_string(), "6442450944000");
//! assert_eq!(ledger.rows[0].path, "layers.up");
//! # Ok(())
//! # }
//! ```
//!
//! A cost formula under a snapshot test, in three lines:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let model = dotledger::trace(include_str!("../models/walkthrough.ron"))?;
//! let macs = model.forward()?.macs().in_basis(&["T", "L", "d"])?;
//! insta::assert_snapshot!(macs, @"12*L*T*d^2 + 2*L*T^2*d");
//! # Ok(())
//! # }
//! ```
//!
//! The same formula at many points, exactly and in `f64`:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let macs = dotledger::trace(include_str!("../models/walkthrough.ron"))?.forward()?.macs();
//! let compiled = macs.in_basis(&["T", "L", "d"])?.compile(&["T", "L", "d"])?;
//! let (mut exact, mut near) = (Vec::new(), [0.0; 2]);
//! compiled.eval_exact(&[&[1000, 2000], &[48, 48], &[4096, 4096]], &mut exact)?;
//! compiled.eval_f64(&[&[1000.0, 2000.0], &[48.0, 48.0], &[4096.0, 4096.0]], &mut near)?;
//! assert_eq!(exact[1].to_string(), "20900216832000");
//! assert_eq!(near[1], 20900216832000.0);
//! # Ok(())
//! # }
//! ```
//!
//! What is wrong with a model comes back as [`Diagnostics`], all at once, each at its line and column:
//!
//! ```
//! let text = r#"Model(name: "m", symbols: (d: width), inputs: (x: "d"), nodes: (y: Liner(x, "d -> d")), output: y)"#;
//! let errors = dotledger::trace(text).expect_err("there is no such op");
//! assert_eq!(
//!     errors.to_string(),
//!     "model.ron:1:68: error[unknown]: there is no op `Liner`\n  help: did you mean `Linear`?"
//! );
//! ```
//!
//! [`Model::read`] chooses presets and values, [`Model::ledger`] phases and profiles, [`summary::summarize`] and
//! [`report::render`] make reports. The ops that a model can use are in [`ops`], the algebra is in [`sym`].

// What a user writes ends in an answer or an error, never in a panic; `expect` states why it holds. The modules that read
// what a user writes also cut and index only what is there.
#![cfg_attr(
    not(test),
    warn(clippy::panic, clippy::unreachable, clippy::get_unwrap)
)]

mod ast;
pub mod cli;
pub mod diag;
pub mod dtype;
pub mod formula;
pub mod graph;
pub mod import;
pub mod infer;
pub mod ledger;
mod lower;
pub mod mask;
mod model;
pub mod ops;
pub mod origin;
pub mod part;
pub mod phase;
pub mod profile;
pub mod report;
pub mod shape;
pub mod summary;
pub mod sym;
mod tally;
pub mod values;
pub mod verify;
pub mod work;

pub use diag::Diagnostics;
pub use formula::Formula;
pub use ledger::Ledger;
pub use model::{Model, Options, trace};
pub use profile::Profile;
