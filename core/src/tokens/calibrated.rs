//! Counts for models whose tokenizers are not public.

use super::calibrate::Calibration;
use super::fit::Fit;
use super::{ContentClass, Count, TokenCounter};
use crate::error::{Error, Result};
use crate::id::ObjectId;

/// Estimates the tokens of a model without a public tokenizer, from those of a base counter and
/// a [`Calibration`].
///
/// Every count is an estimate. Its number is the median; its bounds are the 5 % and the 95 %
/// quantile of what was observed, wider the less was observed. What a request costs beside its texts
/// lies within what the newest eight of its host left over, and some room; of a host that was never
/// seen, within a part of the least and a multiple of the most that any host adds. Without any observation of a class
/// they are what is known of other tokenizers, from 0.85 to 1.6 tokens of the base for prose, to 2.5 for
/// rare scripts. Never is a token taken for four characters: that is off by 17 % in the median.
///
/// The counter is a snapshot: later observations are for the next one. Its id names model, base
/// and ratios, so counts kept by id are never those of another calibration.
///
/// ```
/// use partita::tokens::{CalibratedCounter, Calibration, Encoding, TokenCounter};
/// let none = Calibration::new(&Encoding::O200k);
/// let counter = CalibratedCounter::new(Encoding::O200k, "claude-x", &none)?;
/// let count = counter.count("The parser drops the last token.");
/// assert!(count.low() <= 7 && count.high() >= 10);
/// assert!(counter.id().starts_with("claude-x~o200k_base~"));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CalibratedCounter<C> {
    base: C,
    id: String,
    model: String,
    fit: Fit,
}

impl<C: TokenCounter> CalibratedCounter<C> {
    /// Makes a counter for a model as it has been observed so far, if ever.
    ///
    /// # Errors
    /// `Invalid` if the calibration is for counts of another base.
    pub fn new(base: C, model: &str, calibration: &Calibration) -> Result<Self> {
        CalibratedCounter::at(base, model, "", calibration)
    }

    /// Makes a counter for a model and requests of a host, or of all whose names begin with its and
    /// `/`. Where none is known, what a request costs beside its texts is what any of them added.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn at(base: C, model: &str, host: &str, calibration: &Calibration) -> Result<Self> {
        if calibration.base() != base.id() {
            return Err(Error::invalid(format!(
                "the calibration is for counts of {}, not of {}; observe with this counter",
                calibration.base(),
                base.id()
            )));
        }
        let fit = calibration.fit(model, host);
        let (low, middle, high) = fit.request;
        let rates = fit.rates.iter().flat_map(|rate| [rate.low, rate.middle, rate.high]);
        let numbers: Vec<u8> =
            rates.chain([low, middle, high]).flat_map(u64::to_le_bytes).collect();
        let digest = ObjectId::of_content(&numbers).to_string();
        let id = format!("{model}~{}~{}", base.id(), &digest[..12]);
        Ok(CalibratedCounter { base, id, model: model.to_owned(), fit })
    }

    /// Returns the counter beneath.
    pub fn base(&self) -> &C {
        &self.base
    }
}

impl<C: TokenCounter> TokenCounter for CalibratedCounter<C> {
    fn id(&self) -> &str {
        &self.id
    }

    fn model(&self) -> Option<&str> {
        Some(&self.model)
    }

    fn dialect(&self) -> Option<&str> {
        self.base.dialect()
    }

    /// Estimates what the provider and the host add on their own.
    fn request(&self) -> Count {
        let (low, middle, high) = self.fit.request;
        Count::estimated(middle, low, high)
    }

    fn check(&self) -> Result<()> {
        self.base.check()
    }

    fn count(&self, text: &str) -> Count {
        let count = self.base.count(text);
        let rate = self.fit.rates[ContentClass::of(text).index()];
        let times = |tokens: u64, rate: u64, round: u128| {
            let product = u128::from(tokens) * u128::from(rate) + round;
            u64::try_from(product / 1_000).unwrap_or(u64::MAX)
        };
        Count::estimated(
            times(count.tokens(), rate.middle, 500),
            times(count.low(), rate.low, 0),
            times(count.high(), rate.high, 999),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::CalibratedCounter;
    use crate::error::ErrorKind;
    use crate::tokens::{Calibration, ContentClass, Count, Encoding, SafeCuts, TokenCounter};

    fn counter(model: &str, calibration: &Calibration) -> CalibratedCounter<Encoding> {
        CalibratedCounter::new(Encoding::O200k, model, calibration).unwrap()
    }

    fn observed(ratio: u64) -> Calibration {
        let mut calibration = Calibration::new(&Encoding::O200k);
        for at in 1..=50 {
            let jitter = at * 37 % 11;
            let parts = [(ContentClass::Prose, 100 * at), (ContentClass::Code, 1_000)];
            assert!(calibration.observe("m", &parts, (100 * at + 1_000) * ratio / 100 + jitter));
        }
        calibration
    }

    #[test]
    fn an_estimate_follows_what_was_observed_and_holds_the_truth() {
        let text = "The parser drops the last token of every line. ".repeat(40);
        let base = Encoding::O200k.count(&text).tokens();
        for ratio in [70, 100, 140, 200] {
            let count = counter("m", &observed(ratio)).count(&text);
            let truth = base * ratio / 100;
            assert!(!count.is_exact());
            assert!(count.low() <= truth && truth <= count.high(), "{count}, really {truth}");
            assert!(count.tokens().abs_diff(truth) <= truth / 50, "{count}, really {truth}");
            assert!(count.high() - count.low() <= truth / 8, "{count}");
        }
    }

    #[test]
    fn the_id_changes_with_model_base_and_calibration_alone() {
        let (none, some) = (Calibration::new(&Encoding::O200k), observed(120));
        let ids = [
            counter("m", &none).id().to_owned(),
            counter("n", &none).id().to_owned(),
            counter("m", &some).id().to_owned(),
            counter("m", &observed(121)).id().to_owned(),
        ];
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len(), "{ids:?}");
        assert_eq!(counter("m", &some.clone()).id(), ids[2]);
        let other = CalibratedCounter::new(Encoding::Cl100k, "m", &none).unwrap_err();
        assert_eq!(other.kind(), ErrorKind::Invalid);
    }

    #[test]
    fn without_observations_the_band_is_wide_and_nothing_is_nothing() {
        let none = counter("m", &Calibration::new(&Encoding::O200k));
        assert_eq!(none.count(""), Count::estimated(0, 0, 0));
        let count = none.count(&"words of prose ".repeat(1_000));
        assert!(count.high() > count.low() * 3 / 2, "{count}");
        assert!(none.request().high() >= 530);
        assert_eq!(none.safe_cuts(), SafeCuts::None);
    }
}
