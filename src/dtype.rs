//! Types of stored scalars: how many bytes each takes.

use crate::sym::Coeff;

/// A type of scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dtype {
    /// Its name: `bf16`.
    pub name: &'static str,
    bits: i64,
}

/// The types that are known.
pub const DTYPES: &[Dtype] = &[
    Dtype {
        name: "f32",
        bits: 32,
    },
    Dtype {
        name: "bf16",
        bits: 16,
    },
    Dtype {
        name: "f16",
        bits: 16,
    },
    Dtype {
        name: "fp8",
        bits: 8,
    },
    Dtype {
        name: "int8",
        bits: 8,
    },
    Dtype {
        name: "int4",
        bits: 4,
    },
];

impl Dtype {
    /// The type of half precision that models are published in, which reports take where none is named.
    pub const BF16: Dtype = DTYPES[1];

    /// The type of that name.
    pub fn find(name: &str) -> Option<Dtype> {
        DTYPES.iter().copied().find(|dtype| dtype.name == name)
    }

    /// Bytes that a scalar takes; half a byte is a fraction.
    pub fn bytes(self) -> Coeff {
        Coeff::from_ratio(self.bits, 8).expect("eight is not zero")
    }
}
