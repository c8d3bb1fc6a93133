//! What was learnt of models whose tokenizers are not public.

use super::fit::{CLASSES, Fit, Observation};
use super::{ContentClass, TokenCounter};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::limits::{
    CALIBRATED_HOSTS_MAX, CALIBRATED_MODELS_MAX, LABEL_BYTES_MAX, OBSERVATIONS_MAX,
    OBSERVED_TOKENS_MAX,
};

const FORMAT: &str = "partita-calibration-1";
/// With the host of each request.
const FORMAT_HOSTS: &str = "partita-calibration-2";

/// What APIs reported of requests, by model: the source of a
/// [`CalibratedCounter`](super::CalibratedCounter)'s ratios.
///
/// Each observation is a request: its parts by [`ContentClass`] as the base counter counts them,
/// and the input tokens that the API reported. A regression over the newest 256 of a model gives
/// a ratio per class and a constant per request, which holds what the provider adds on its own. It
/// is robust: a minority of wrong reports hardly moves it, and no report moves it out of bounds.
///
/// A tokenizer changes with a model's version, so a model is its full name. What a request holds
/// beside what is known of it (a system prompt, tools) is its host's: an agent, a project, a session.
/// Hosts have names with `/` between their parts, and `agent` means every host that begins so.
///
/// ```
/// use partita::tokens::{CalibratedCounter, Calibration, ContentClass, Encoding, TokenCounter};
/// let mut calibration = Calibration::new(&Encoding::O200k);
/// for size in 1..=40 {
///     calibration.observe("other-1", &[(ContentClass::Prose, 100 * size)], 130 * size);
/// }
/// let kept = calibration.to_json();
/// let calibration = Calibration::from_json(&kept)?;
/// let counter = CalibratedCounter::new(Encoding::O200k, "other-1", &calibration)?;
/// let count = counter.count(&"some words in a row. ".repeat(100));
/// assert!(!count.is_exact() && count.tokens() > 600 && count.high() >= count.tokens());
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calibration {
    base: String,
    /// The model observed last comes last.
    models: Vec<(String, Vec<Observation>)>,
    /// The names of hosts; the first has none.
    hosts: Vec<String>,
}

/// How good a calibration's counts are, as requests tell that it was not made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Quality {
    /// The requests that were counted by what was known before them.
    pub requests: u64,
    /// How many of them cost what lies within the bounds.
    pub within: u64,
    /// By how much the number is off, in thousandths of what was reported: the median.
    pub median_error: u64,
    /// How far the upper bound lies above the number, in thousandths of it: the median.
    pub median_margin: u64,
    /// How far the bounds lie apart, in thousandths of the number: the median.
    pub median_width: u64,
}

/// In how many steps requests are counted by those before them.
const STEPS: usize = 8;

impl Calibration {
    /// Makes one without observations, for counts of a base counter.
    pub fn new(base: &(impl TokenCounter + ?Sized)) -> Self {
        Calibration { base: base.id().to_owned(), models: Vec::new(), hosts: vec![String::new()] }
    }

    /// Returns the id of the base counter.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Iterates over the models that were observed, the newest last, with how often.
    pub fn models(&self) -> impl Iterator<Item = (&str, usize)> {
        self.models.iter().map(|(model, observations)| (model.as_str(), observations.len()))
    }

    /// Takes the report of one request: its parts, and all input tokens that the API counted, those
    /// read from and written to a cache included.
    ///
    /// Returns whether the report was taken. One without parts or usage says nothing, one of more
    /// than 2^32 tokens is none, nor one of a model without a name or with one above 4,096 bytes.
    pub fn observe(&mut self, model: &str, parts: &[(ContentClass, u64)], usage: u64) -> bool {
        self.observe_at(model, "", parts, usage)
    }

    /// Takes the report of one request of a host, as [`observe`](Self::observe) does; a host's name
    /// has the limits of a model's, and may be empty. At most 1,024 hosts are told apart.
    ///
    /// ```
    /// use partita::tokens::{CalibratedCounter, Calibration, ContentClass, Encoding, TokenCounter};
    /// let mut calibration = Calibration::new(&Encoding::O200k);
    /// for size in 1..=40 {
    ///     let parts = [(ContentClass::Prose, 100 * size)];
    ///     calibration.observe_at("other-1", "agent/a", &parts, 130 * size + 20_000);
    ///     calibration.observe_at("other-1", "agent/b", &parts, 130 * size + 90_000);
    /// }
    /// let a = CalibratedCounter::at(Encoding::O200k, "other-1", "agent/a", &calibration)?;
    /// assert!(a.request().low() <= 20_000 && a.request().high() < 30_000);
    /// let any = CalibratedCounter::at(Encoding::O200k, "other-1", "agent", &calibration)?;
    /// assert!(any.request().low() <= 20_000 && any.request().high() >= 90_000);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn observe_at(
        &mut self,
        model: &str,
        host: &str,
        parts: &[(ContentClass, u64)],
        usage: u64,
    ) -> bool {
        let mut sums = [0u64; CLASSES];
        for &(class, tokens) in parts {
            sums[class.index()] = sums[class.index()].saturating_add(tokens);
        }
        let mut observation = Observation { parts: sums, usage, host: 0 };
        let is_sound = is_sound(model, &observation) && host.len() <= LABEL_BYTES_MAX;
        if is_sound {
            observation.host = self.host(host);
            self.push(model, observation);
        }
        is_sound
    }

    /// The number of a host; of one too many that of none.
    fn host(&mut self, name: &str) -> usize {
        let known = self.hosts.iter().position(|host| host == name);
        known.unwrap_or_else(|| {
            if self.hosts.len() >= CALIBRATED_HOSTS_MAX {
                return 0;
            }
            self.hosts.push(name.to_owned());
            self.hosts.len() - 1
        })
    }

    fn push(&mut self, model: &str, observation: Observation) {
        let known = self.models.iter().position(|(name, _)| name == model);
        let (name, mut observations) = match known {
            Some(at) => self.models.remove(at),
            None => (model.to_owned(), Vec::new()),
        };
        observations.push(observation);
        if observations.len() > OBSERVATIONS_MAX {
            observations.remove(0);
        }
        self.models.push((name, observations));
        if self.models.len() > CALIBRATED_MODELS_MAX {
            self.models.remove(0);
        }
    }

    pub(super) fn fit(&self, model: &str, host: &str) -> Fit {
        let meant = self.meant(host);
        Fit::of(self.of(model), |host| meant.contains(&host))
    }

    fn of(&self, model: &str) -> &[Observation] {
        let known = self.models.iter().find(|(name, _)| name == model);
        known.map_or(&[], |(_, observations)| observations)
    }

    /// The numbers of the hosts that a name means.
    fn meant(&self, name: &str) -> Vec<usize> {
        let is_meant = |host: &String| {
            let rest = host.strip_prefix(name);
            rest.is_some_and(|rest| name.is_empty() || rest.is_empty() || rest.starts_with('/'))
        };
        (0..self.hosts.len()).filter(|&at| is_meant(&self.hosts[at])).collect()
    }

    /// Tells how good counts for a model are: each of the newest requests, but for the first eighth of
    /// them, is counted by those before it, and compared with what was reported. None for fewer
    /// than eight requests.
    ///
    /// ```
    /// use partita::tokens::{Calibration, ContentClass, Encoding};
    /// let mut calibration = Calibration::new(&Encoding::O200k);
    /// for size in 1..=40 {
    ///     calibration.observe("other-1", &[(ContentClass::Prose, 100 * size)], 130 * size);
    /// }
    /// let quality = calibration.quality("other-1").unwrap();
    /// assert_eq!((quality.requests, quality.within), (35, 35));
    /// assert!(quality.median_error < 20);
    /// ```
    pub fn quality(&self, model: &str) -> Option<Quality> {
        let all = self.of(model);
        let step = all.len() / STEPS;
        if step == 0 {
            return None;
        }
        let (mut within, mut errors) = (0, Vec::new());
        let (mut margins, mut widths) = (Vec::new(), Vec::new());
        for from in (step..all.len()).step_by(step) {
            for one in &all[from..all.len().min(from + step)] {
                let fit = Fit::of(&all[..from], |host| host == one.host);
                let (low, middle, high) = fit.said(&one.parts);
                within += u64::from((low..=high).contains(&one.usage));
                errors.push(middle.abs_diff(one.usage).saturating_mul(1_000) / one.usage);
                margins.push((high - middle).saturating_mul(1_000) / middle.max(1));
                widths.push((high - low).saturating_mul(1_000) / middle.max(1));
            }
        }
        let median = |values: &mut Vec<u64>| {
            values.sort_unstable();
            values[values.len() / 2]
        };
        let (requests, median_error) = (errors.len() as u64, median(&mut errors));
        let (median_margin, median_width) = (median(&mut margins), median(&mut widths));
        Some(Quality { requests, within, median_error, median_margin, median_width })
    }

    /// Writes it as JSON, for the host to keep: whole numbers, so nothing is lost on the way.
    pub fn to_json(&self) -> Json {
        let has_hosts = self.hosts.len() > 1;
        let models = self.models.iter().map(|(model, observations)| {
            let rows = observations.iter().map(|one| {
                let host = has_hosts.then_some(one.host as u64);
                let row = one.parts.iter().copied().chain([one.usage]).chain(host);
                Json::Array(row.map(Json::from).collect())
            });
            Json::object([
                ("model", Json::from(model.as_str())),
                ("requests", Json::Array(rows.collect())),
            ])
        });
        let classes = ContentClass::ALL.iter().map(|class| Json::from(class.code()));
        let mut json = Json::object([
            ("format", Json::from(if has_hosts { FORMAT_HOSTS } else { FORMAT })),
            ("base", Json::from(self.base.as_str())),
            ("classes", Json::Array(classes.collect())),
            ("models", Json::Array(models.collect())),
        ]);
        if has_hosts {
            let hosts = self.hosts.iter().map(|host| Json::from(host.as_str()));
            json.set("hosts", Json::Array(hosts.collect()));
        }
        json
    }

    /// Reads what [`to_json`](Calibration::to_json) wrote.
    ///
    /// # Errors
    /// `Invalid` if it is of another format, or holds what `observe` would not have taken.
    pub fn from_json(json: &Json) -> Result<Self> {
        let text = |json: &Json, key| json.get(key).and_then(Json::as_str).map(str::to_owned);
        let has_hosts = match text(json, "format").as_deref() {
            Some(FORMAT) => false,
            Some(FORMAT_HOSTS) => true,
            _ => return Err(bad("its format is not partita-calibration-1 or -2")),
        };
        let base = text(json, "base").filter(|base| base.len() <= LABEL_BYTES_MAX);
        let classes = json.get("classes").and_then(Json::as_array).unwrap_or_default();
        if !classes.iter().map(Json::as_str).eq(ContentClass::ALL.map(|class| Some(class.code()))) {
            return Err(bad("its classes are not prose, code, json, cjk, other"));
        }
        let base = base.ok_or_else(|| bad("it names no base counter"))?;
        let mut hosts = vec![String::new()];
        if has_hosts {
            let names = json.get("hosts").and_then(Json::as_array).unwrap_or_default();
            let sound = |name: &Json| {
                let name = name.as_str().filter(|name| name.len() <= LABEL_BYTES_MAX)?;
                Some(name.to_owned())
            };
            let names: Option<Vec<String>> = names.iter().map(sound).collect();
            let is_sound = |names: &Vec<String>| {
                (2..=CALIBRATED_HOSTS_MAX).contains(&names.len()) && names[0].is_empty()
            };
            hosts = names.filter(is_sound).ok_or_else(|| bad("its hosts are no names"))?;
        }
        let mut calibration = Calibration { base, models: Vec::new(), hosts };
        let models = json.get("models").and_then(Json::as_array);
        for entry in models.ok_or_else(|| bad("it has no list of models"))? {
            let model = text(entry, "model").ok_or_else(|| bad("a model has no name"))?;
            let requests = entry.get("requests").and_then(Json::as_array);
            for row in requests.ok_or_else(|| bad(&format!("{model:?} has no requests")))? {
                let sound = read_row(row, has_hosts)
                    .filter(|one| is_sound(&model, one) && one.host < calibration.hosts.len());
                let observation =
                    sound.ok_or_else(|| bad(&format!("a request of {model:?} is none")))?;
                calibration.push(&model, observation);
            }
        }
        Ok(calibration)
    }
}

fn is_sound(model: &str, one: &Observation) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&model.len())
        && (1..=OBSERVED_TOKENS_MAX).contains(&one.usage)
        && (1..=OBSERVED_TOKENS_MAX).contains(&one.total())
}

fn read_row(row: &Json, has_hosts: bool) -> Option<Observation> {
    let mut numbers: Vec<u64> = row.as_array()?.iter().map(Json::as_u64).collect::<Option<_>>()?;
    let host = if has_hosts { usize::try_from(numbers.pop()?).ok()? } else { 0 };
    let (&usage, parts) = numbers.split_last()?;
    Some(Observation { parts: parts.try_into().ok()?, usage, host })
}

fn bad(what: &str) -> Error {
    Error::invalid(format!("no calibration to read: {what}; pass what `to_json` gave"))
}

#[cfg(test)]
mod tests {
    use super::Calibration;
    use crate::error::ErrorKind;
    use crate::json::Json;
    use crate::limits::{
        CALIBRATED_HOSTS_MAX, CALIBRATED_MODELS_MAX, LABEL_BYTES_MAX, OBSERVATIONS_MAX,
        OBSERVED_TOKENS_MAX,
    };
    use crate::tokens::ContentClass::{Code, Prose};
    use crate::tokens::Encoding;

    #[test]
    fn what_says_nothing_is_not_taken() {
        let mut calibration = Calibration::new(&Encoding::O200k);
        let long = "m".repeat(LABEL_BYTES_MAX);
        let most = OBSERVED_TOKENS_MAX;
        for (model, parts, usage, taken) in [
            ("m", &[(Prose, 10)][..], 12, true),
            ("m", &[(Prose, 10)], 0, false),
            ("m", &[], 12, false),
            ("m", &[(Prose, 0), (Code, 0)], 12, false),
            ("m", &[(Prose, most - 1)], most - 1, true),
            ("m", &[(Prose, most)], most, true),
            ("m", &[(Prose, most + 1)], 12, false),
            ("m", &[(Prose, 10)], most + 1, false),
            ("m", &[(Prose, u64::MAX), (Prose, u64::MAX), (Code, 1)], 12, false),
            ("", &[(Prose, 10)], 12, false),
            (&long[1..], &[(Prose, 10)], 12, true),
            (&long, &[(Prose, 10)], 12, true),
            (&format!("{long}m"), &[(Prose, 10)], 12, false),
        ] {
            assert_eq!(calibration.observe(model, parts, usage), taken, "{parts:?} {usage}");
        }
    }

    #[test]
    fn the_oldest_observations_and_models_give_way() {
        let mut calibration = Calibration::new(&Encoding::O200k);
        for at in 1..=OBSERVATIONS_MAX as u64 + 1 {
            calibration.observe("m", &[(Prose, at)], at);
            let kept = at.min(OBSERVATIONS_MAX as u64) as usize;
            assert_eq!(calibration.models().next(), Some(("m", kept)));
        }
        assert!(!calibration.to_json().to_string().contains("[1,0,0,0,0,1]"));
        for at in 1..CALIBRATED_MODELS_MAX {
            calibration.observe(&format!("m{at}"), &[(Prose, 1)], 1);
            assert_eq!(calibration.models().count(), at + 1);
        }
        calibration.observe("m", &[(Prose, 1)], 1);
        calibration.observe("new", &[(Prose, 1)], 1);
        assert_eq!(calibration.models().count(), CALIBRATED_MODELS_MAX);
        assert!(calibration.models().all(|(model, _)| model != "m1"));
        assert_eq!(calibration.models().last(), Some(("new", 1)));
    }

    #[test]
    fn hosts_come_back_from_json_and_what_names_none_of_them_does_not() {
        let mut calibration = Calibration::new(&Encoding::O200k);
        calibration.observe_at("a", "h/1", &[(Prose, 10)], 33);
        calibration.observe("a", &[(Prose, 10)], 8);
        let text = calibration.to_json().to_string();
        assert!(text.contains("calibration-2") && text.contains("[10,0,0,0,0,33,1]"), "{text}");
        let back = Calibration::from_json(&Json::parse(&text).unwrap()).unwrap();
        assert_eq!(back, calibration);
        for (from, to) in [
            ("33,1]", "33,2]"),
            ("33,1]", "33]"),
            ("[\"\",\"h/1\"]", "[]"),
            ("[\"\",\"h/1\"]", "[\"x\",\"h/1\"]"),
            ("[\"\",\"h/1\"]", "[\"\",3]"),
        ] {
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text, "{from}");
            assert!(Calibration::from_json(&Json::parse(&other).unwrap()).is_err(), "{to}");
        }
        for number in 0..CALIBRATED_HOSTS_MAX {
            calibration.observe_at("a", &number.to_string(), &[(Prose, 1)], 1);
        }
        assert_eq!(calibration.hosts.len(), CALIBRATED_HOSTS_MAX);
    }

    #[test]
    fn it_comes_back_from_json_and_nothing_else_does() {
        let mut calibration = Calibration::new(&Encoding::Cl100k);
        calibration.observe("a", &[(Prose, 10), (Code, 20), (Prose, 1)], 33);
        calibration.observe("b", &[(Code, 7)], 8);
        calibration.observe("a", &[(Code, 3)], 4);
        let text = calibration.to_json().to_string();
        let back = Calibration::from_json(&Json::parse(&text).unwrap()).unwrap();
        assert_eq!((&back, back.base()), (&calibration, "cl100k_base"));
        for (from, to) in [
            ("calibration-1", "calibration-3"),
            ("\"cjk\"", "\"kjc\""),
            ("\"base\"", "\"bass\""),
            ("\"models\"", "\"model\""),
            ("\"requests\"", "\"request\""),
            ("\"a\"", "\"\""),
            ("\"a\"", "3"),
            ("[11,20,0,0,0,33]", "[11,20,0,0,33]"),
            ("[11,20,0,0,0,33]", "[11,20,0,0,0,0]"),
            ("[11,20,0,0,0,33]", "[11,20,0,0,0,-3]"),
            ("[11,20,0,0,0,33]", "[11,20,0,0,0,3.5]"),
            ("[11,20,0,0,0,33]", "[11,20,0,0,0,NaN]"),
            ("[11,20,0,0,0,33]", "[]"),
        ] {
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text, "{from}");
            let Ok(json) = Json::parse(&other) else { continue };
            let error = Calibration::from_json(&json).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{to}");
        }
    }
}
