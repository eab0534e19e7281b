//! Elementwise arithmetic that counts itself: each function is computed as its reference page writes it.

use super::count::Count;

/// Computes, and counts every operation.
pub(crate) struct Calc<'c>(pub(crate) &'c mut Count);

impl Calc<'_> {
    pub(crate) fn add(&mut self, a: f64, b: f64) -> f64 {
        self.0.tick("add");
        a + b
    }

    pub(crate) fn mul(&mut self, a: f64, b: f64) -> f64 {
        self.0.tick("mul");
        a * b
    }

    pub(crate) fn div(&mut self, a: f64, b: f64) -> f64 {
        self.0.tick("div");
        a / b
    }

    pub(crate) fn max(&mut self, a: f64, b: f64) -> f64 {
        self.0.tick("compare");
        a.max(b)
    }

    pub(crate) fn sqrt(&mut self, a: f64) -> f64 {
        self.0.tick("sqrt");
        a.sqrt()
    }

    pub(crate) fn exp(&mut self, a: f64) -> f64 {
        self.0.tick("exp");
        a.exp()
    }

    fn log(&mut self, a: f64) -> f64 {
        self.0.tick("log");
        a.ln()
    }

    fn tanh(&mut self, a: f64) -> f64 {
        self.0.tick("tanh");
        a.tanh()
    }

    /// The error function; what it gives does not matter here, that it is asked for does.
    fn erf(&mut self, a: f64) -> f64 {
        self.0.tick("erf");
        a.signum()
    }

    /// x * sigmoid(x), and the sigmoid 1 / (1 + e^-x).
    fn sigmoid(&mut self, x: f64) -> f64 {
        let power = self.exp(-x);
        let below = self.add(1.0, power);
        self.div(1.0, below)
    }

    /// log(1 + e^x).
    fn softplus(&mut self, x: f64) -> f64 {
        let power = self.exp(x);
        let above = self.add(1.0, power);
        self.log(above)
    }

    /// x/2 * (1 + erf(x / sqrt 2)).
    fn gelu(&mut self, x: f64) -> f64 {
        let inner = self.mul(x, std::f64::consts::FRAC_1_SQRT_2);
        let error = self.erf(inner);
        let gate = self.add(1.0, error);
        let half = self.mul(0.5, x);
        self.mul(half, gate)
    }

    /// x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))).
    fn gelu_tanh(&mut self, x: f64) -> f64 {
        let square = self.mul(x, x);
        let cube = self.mul(square, x);
        let small = self.mul(0.044_715, cube);
        let inner = self.add(x, small);
        let scaled = self.mul(
            std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2,
            inner,
        );
        let bent = self.tanh(scaled);
        let gate = self.add(1.0, bent);
        let half = self.mul(0.5, x);
        self.mul(half, gate)
    }

    /// A function of `Map` at one element; `None` for a word that it does not know.
    pub(crate) fn function(&mut self, word: &str) -> Option<f64> {
        let (x, y) = (0.5, 2.0);
        Some(match word {
            "add" => self.add(x, y),
            "sub" => self.add(x, -y),
            "mul" | "scale" => self.mul(x, y),
            "square" => self.mul(x, x),
            "div" => self.div(x, y),
            "max" | "relu" => self.max(x, 0.0),
            "exp" => self.exp(x),
            "log" => self.log(x),
            "softplus" => self.softplus(x),
            "sqrt" => self.sqrt(x),
            "tanh" => self.tanh(x),
            "sigmoid" => self.sigmoid(x),
            "silu" => {
                let gate = self.sigmoid(x);
                self.mul(x, gate)
            }
            "gelu" => self.gelu(x),
            "gelu_tanh" => self.gelu_tanh(x),
            "rotary" => {
                let (cosine, sine) = (self.mul(x, y), self.mul(-x, y));
                self.add(cosine, sine)
            }
            "mask" | "copy" => x,
            _ => return None,
        })
    }
}
