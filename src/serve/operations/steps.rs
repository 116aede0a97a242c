//! How long things took, in steps: of a size that does not grow with their number.

use crate::value::Span;
use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};
use std::sync::{Mutex, PoisonError};

/// The upper ends of the steps, in seconds; the last takes the rest.
const ENDS: [f64; 11] = [0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3_600.0, f64::INFINITY];

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Steps {
    counts: [u64; ENDS.len()],
    seconds: f64,
}

impl Steps {
    pub fn add(&mut self, span: Span) {
        let seconds = span.as_secs_f64();
        let step = ENDS.iter().position(|end| seconds <= *end).unwrap_or(ENDS.len() - 1);
        self.counts[step] += 1;
        self.seconds += seconds;
    }
}

/// Steps as they are shown at one scrape.
#[derive(Debug, Default)]
pub struct Shown(Mutex<Steps>);

impl Shown {
    pub fn show(&self, steps: Steps) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = steps;
    }
}

impl TypedMetric for Shown {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Shown {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), std::fmt::Error> {
        let Steps { counts, seconds } = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let steps: Vec<(f64, u64)> = ENDS.into_iter().zip(counts).collect();
        encoder.encode_histogram::<NoLabelSet>(seconds, counts.iter().sum(), &steps, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

#[cfg(test)]
mod tests {
    use super::{Shown, Steps};
    use crate::value::Span;
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    #[test]
    fn steps_are_shown_as_prometheus_counts_them() {
        let mut steps = Steps::default();
        [400, 900, 1_000, 7_200_000].into_iter().for_each(|millis| steps.add(Span::from_millis(millis)));
        let shown = Shown::default();
        shown.show(steps);
        let mut registry = Registry::default();
        registry.register("took_seconds", "How long", shown);
        let mut text = String::new();
        encode(&mut text, &registry).expect("text");
        for line in [
            "took_seconds_sum 7202.3",
            "took_seconds_count 4",
            "took_seconds_bucket{le=\"0.5\"} 1",
            "took_seconds_bucket{le=\"1.0\"} 3",
            "took_seconds_bucket{le=\"3600.0\"} 3",
            "took_seconds_bucket{le=\"+Inf\"} 4",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
