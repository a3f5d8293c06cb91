use sweep_protocol::{message::Job, terms::Value};

/// What a run does instead of finishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    Diverge,
    Fail,
    Die,
    Hang,
}

impl Fault {
    pub(super) fn of(job: &Job) -> Self {
        match job.parameters.get("fault") {
            Some(Value::Text(word)) => match word.as_str() {
                "diverge" => Self::Diverge,
                "fail" => Self::Fail,
                "die" => Self::Die,
                "die-once" if job.attempt == 1 => Self::Die,
                "hang" => Self::Hang,
                _ => Self::None,
            },
            _ => Self::None,
        }
    }
}

/// A hyper-parameter as a real number.
pub(super) fn number(job: &Job, name: &str, default: f64) -> f64 {
    match job.parameters.get(name) {
        Some(&Value::Float(value)) => value,
        Some(&Value::Integer(value)) => value as f64,
        _ => default,
    }
}
