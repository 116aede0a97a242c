//! What happens inside, on standard error, for those who ask; and, where it is built in, as spans
//! to a collector.

use super::arguments::LogFormat;
use super::exit::Failure;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

/// What somebody wants to see.
pub struct Wanted<'a> {
    pub verbose: bool,
    pub filter: Option<&'a str>,
    /// `None` for text, and only where one of the two above asks for anything.
    pub format: Option<LogFormat>,
    /// Where spans go.
    pub collector: Option<&'a str>,
}

/// Sends off what is still to be sent when it is dropped.
pub struct Log {
    #[cfg(feature = "otlp")]
    spans: Option<super::spans::Exporter>,
}

#[cfg(feature = "otlp")]
impl Drop for Log {
    fn drop(&mut self) {
        if let Some(spans) = self.spans.take() {
            spans.finish();
        }
    }
}

type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Switches on what is wanted.
pub fn start(wanted: &Wanted<'_>) -> Result<Log, Failure> {
    let mut layers: Vec<BoxedLayer> = Vec::new();
    layers.extend(lines(wanted)?);
    let collector = wanted.collector.filter(|address| !address.is_empty());
    #[cfg(feature = "otlp")]
    let log = {
        let exporter = collector.map(super::spans::Exporter::to).transpose()?;
        layers.extend(exporter.as_ref().map(super::spans::Exporter::layer));
        Log { spans: exporter }
    };
    #[cfg(not(feature = "otlp"))]
    let log = match collector {
        None => Log {},
        Some(_) => {
            return Err(Failure::wrong(
                "MLC_OTLP_ENDPOINT is set, and this build sends no spans",
                "take one that was built with the feature `otlp`, or take the variable away",
            ));
        }
    };
    if !layers.is_empty() {
        // A second call in one process keeps the first one's choice.
        let _ = tracing_subscriber::registry().with(layers).try_init();
    }
    Ok(log)
}

/// The lines on standard error.
fn lines(wanted: &Wanted<'_>) -> Result<Option<BoxedLayer>, Failure> {
    let own = wanted.verbose.then_some("mlc=debug").or(wanted.format.map(|_| "mlc=info"));
    let Some(filter) = wanted.filter.filter(|filter| !filter.is_empty()).or(own) else { return Ok(None) };
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Failure::wrong(format!("MLC_LOG cannot be read: {error}"), "write a filter such as `mlc=debug`")
    })?;
    let layer = fmt::layer().with_writer(std::io::stderr);
    Ok(Some(match wanted.format {
        Some(LogFormat::Json) => layer.json().flatten_event(true).with_current_span(false).with_filter(filter).boxed(),
        Some(LogFormat::Text) | None => layer.with_filter(filter).boxed(),
    }))
}
