//! Spans to an OpenTelemetry collector over HTTP, as JSON.
//!
//! The exporter works on a thread of its own, so that a collector that is slow or away costs
//! nothing; what it cannot deliver is lost, and nothing else is.

use super::exit::Failure;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// The spans of runs, flows and records, and no others.
const FILTER: &str = "mlc=info";

const PATH: &str = "/v1/traces";

pub struct Exporter {
    provider: SdkTracerProvider,
}

impl Exporter {
    /// Must be made, and finished, where no asynchronous work is going on: its client blocks.
    pub fn to(address: &str) -> Result<Self, Failure> {
        let wrong = |what: String| {
            Failure::wrong(
                format!("MLC_OTLP_ENDPOINT cannot be used: {what}"),
                "write the collector's address, such as http://127.0.0.1:4318",
            )
        };
        if !(address.starts_with("http://") || address.starts_with("https://")) {
            return Err(wrong("it is no web address".to_owned()));
        }
        crate::host::choose_cryptography();
        let place = if address.ends_with(PATH) {
            address.to_owned()
        } else {
            format!("{}{PATH}", address.trim_end_matches('/'))
        };
        let exporter =
            SpanExporter::builder().with_http().with_protocol(Protocol::HttpJson).with_endpoint(place).build();
        let exporter = exporter.map_err(|error| wrong(error.to_string()))?;
        let resource = Resource::builder().with_service_name("mlc").build();
        Ok(Self {
            provider: SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build(),
        })
    }

    pub fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        let tracer = self.provider.tracer("mlc");
        tracing_opentelemetry::layer().with_tracer(tracer).with_filter(EnvFilter::new(FILTER)).boxed()
    }

    /// Sends what was not sent yet.
    pub fn finish(self) {
        // A collector that is away must not spoil what the command did.
        let _ = self.provider.shutdown();
    }
}
