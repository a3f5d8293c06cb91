/// Steps after which the search ends; Newton's takes about ten.
const STEPS: usize = 200;
/// Least relative gain for which a step is taken.
const GAIN: f64 = 1e-15;

/// Logistic regression on one feature, as scikit-learn's default has it: the minimum of
/// w²/2 + Σ ln(1 + exp(−y (w x + b))) with y = ±1 (L2 with C = 1, intercept not penalised), solved by Newton's method to
/// rounding instead of to scikit-learn's tolerance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogisticRegression {
    /// Weight of the feature (w).
    pub coefficient: f64,
    /// Intercept (b).
    pub intercept: f64,
}

impl LogisticRegression {
    /// Fits values with their classes; `None` unless both classes occur.
    pub fn fit(values: &[f64], classes: &[bool]) -> Option<Self> {
        if !(classes.contains(&true) && classes.contains(&false)) {
            return None;
        }
        let examples: Vec<(f64, bool)> = values.iter().copied().zip(classes.iter().copied()).collect();
        let mut model = Self { coefficient: 0.0, intercept: 0.0 };
        let mut cost = model.cost(&examples);
        for _ in 0..STEPS {
            let Some((next, lower)) = model.step(&examples, cost) else { break };
            (model, cost) = (next, lower);
        }
        Some(model)
    }

    /// The class of a value; a value on the boundary counts as a negative, as in scikit-learn.
    pub fn predicts(&self, value: f64) -> bool {
        self.margin(value) > 0.0
    }

    fn margin(&self, value: f64) -> f64 {
        self.coefficient * value + self.intercept
    }

    fn cost(&self, examples: &[(f64, bool)]) -> f64 {
        let losses = examples.iter().map(|&(value, class)| {
            let margin = if class { self.margin(value) } else { -self.margin(value) };
            // ln(1 + e⁻ᵐ) without overflow.
            (-margin.abs()).exp().ln_1p() + (-margin).max(0.0)
        });
        losses.sum::<f64>() + self.coefficient * self.coefficient / 2.0
    }

    /// A Newton step, halved until it lowers the cost; `None` where none does.
    fn step(self, examples: &[(f64, bool)], cost: f64) -> Option<(Self, f64)> {
        let (mut slope, mut level) = (self.coefficient, 0.0);
        let (mut ww, mut wb, mut bb) = (1.0, 0.0, 0.0);
        for &(value, class) in examples {
            let probability = 1.0 / (1.0 + (-self.margin(value)).exp());
            let error = probability - f64::from(u8::from(class));
            let weight = probability * (1.0 - probability);
            slope += error * value;
            level += error;
            ww += weight * value * value;
            wb += weight * value;
            bb += weight;
        }
        let determinant = (ww * bb - wb * wb).max(f64::MIN_POSITIVE);
        let direction = ((bb * slope - wb * level) / determinant, (ww * level - wb * slope) / determinant);
        (0..60)
            .map(|halving| {
                let size = 0.5_f64.powi(halving);
                Self {
                    coefficient: self.coefficient - size * direction.0,
                    intercept: self.intercept - size * direction.1,
                }
            })
            .map(|next| (next, next.cost(examples)))
            .find(|(_, lower)| *lower < cost - GAIN * cost.abs())
    }
}
