/// One value for each number of a model whose spread is looked into.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PerNumber<T> {
    /// The accuracy on the retain set, as a fraction.
    pub retain_acc: T,
    /// The accuracy on the forget set.
    pub forget_acc: T,
    /// The accuracy on the validation set.
    pub val_acc: T,
    /// The accuracy on the test set, where there is one.
    pub test_acc: T,
    /// The model's mean confidence over the forget set, in nats.
    pub confidence: T,
}

impl<T> PerNumber<T> {
    /// What becomes of each.
    pub fn map<U>(self, mut of: impl FnMut(T) -> U) -> PerNumber<U> {
        let Self { retain_acc, forget_acc, val_acc, test_acc, confidence } = self;
        PerNumber {
            retain_acc: of(retain_acc),
            forget_acc: of(forget_acc),
            val_acc: of(val_acc),
            test_acc: of(test_acc),
            confidence: of(confidence),
        }
    }

    /// Both of each.
    pub fn zip<U>(self, other: PerNumber<U>) -> PerNumber<(T, U)> {
        PerNumber {
            retain_acc: (self.retain_acc, other.retain_acc),
            forget_acc: (self.forget_acc, other.forget_acc),
            val_acc: (self.val_acc, other.val_acc),
            test_acc: (self.test_acc, other.test_acc),
            confidence: (self.confidence, other.confidence),
        }
    }

    /// What columns of tables are called, with the value of each.
    pub fn in_columns(self) -> [(&'static str, T); 5] {
        let Self { retain_acc, forget_acc, val_acc, test_acc, confidence } = self;
        [
            ("retain_acc", retain_acc),
            ("forget_acc", forget_acc),
            ("val_acc", val_acc),
            ("test_acc", test_acc),
            ("confidence", confidence),
        ]
    }
}

impl<T> PerNumber<Vec<T>> {
    /// The values of all for each.
    pub fn of_all(all: impl IntoIterator<Item = PerNumber<T>>) -> Self {
        let add = |so_far: Self, next| {
            so_far.zip(next).map(|(mut values, value)| {
                values.push(value);
                values
            })
        };
        let empty = PerNumber::<()>::default().map(|()| Vec::new());
        all.into_iter().fold(empty, add)
    }
}

impl<T> PerNumber<Option<T>> {
    /// What readers see: what the number is called with its unit, its value, and what that is multiplied with. The validation set
    /// stands in for a test set that isn't there.
    pub fn for_readers(self) -> impl Iterator<Item = (&'static str, T, f64)> {
        let held_out = match (self.test_acc, self.val_acc) {
            (Some(test), _) => ("test, %", Some(test), 100.0),
            (None, validation) => ("validation, %", validation, 100.0),
        };
        let all = [
            ("retain, %", self.retain_acc, 100.0),
            ("forget, %", self.forget_acc, 100.0),
            held_out,
            ("mean confidence, nats", self.confidence, 1.0),
        ];
        all.into_iter().filter_map(|(name, value, unit)| Some((name, value?, unit)))
    }
}
