//! Log lines and metrics of the running program.
//!
//! Lines go to the standard error output, as text or as JSON objects. What is logged carries identifiers of requests,
//! credentials and agencies, never names, numbers or claims of people; should a citizen's identity number slip in all
//! the same, it is masked on its way out. Metrics are collected in this process and rendered for `/metrics`.

use std::io::{self, Write};
use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::config::{Log, LogFormat};
use crate::base::codes::citizen::CitizenId;
use crate::base::error::ParseError;

/// Upper bounds of the duration histograms, in seconds: from one signature to the longest request.
const SECONDS: [f64; 11] = [0.000_1, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0, 30.0];

/// Starts logging for this process; a second call changes nothing. `config_value` for a filter that cannot be read.
pub fn start_log(log: &Log) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(&log.filter);
    let filter = filter.map_err(|error| ParseError::new("config_value", format!("log.filter: {error}")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(MaskedOutput);
    let started = match log.format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
        LogFormat::Text => lines.with_target(false).try_init(),
    };
    // Whoever started logging first, another server in this process or a test, keeps it.
    let _already_started = started.is_err();
    Ok(())
}

/// The metrics of this process; the first call starts collecting.
///
/// Counters and gauges are exported as they are named; histograms whose names end in `_seconds` get buckets from 0.1 ms
/// to 30 s.
pub fn metrics() -> &'static PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(|| {
        let durations = Matcher::Suffix("_seconds".to_owned());
        let builder = PrometheusBuilder::new();
        // Refuses an empty list of bounds only.
        let builder = builder.set_buckets_for_metric(durations, &SECONDS).unwrap_or_default();
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Fails when a program that embeds this one has a recorder of its own; then that one collects.
        let _other_recorder = ::metrics::set_global_recorder(recorder).is_err();
        handle
    })
}

/// The standard error output behind [`masked`].
#[derive(Clone, Copy, Debug)]
struct MaskedOutput;

impl MakeWriter<'_> for MaskedOutput {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

impl Write for MaskedOutput {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A line that cannot be written must not stop the program.
        let _lost = io::stderr().write_all(masked(&String::from_utf8_lossy(line)).as_bytes());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The text with every citizen's identity number (18 characters, right check character) masked.
fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(if run == 0 { first.len_utf8() } else { run });
        match (piece.len() == 18).then(|| CitizenId::parse(piece)) {
            Some(Ok(number)) => out.push_str(&number.masked()),
            _ => out.push_str(piece),
        }
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_number_does_not_reach_the_log() {
        let line = "refused holder=11010519491231002X id=\"440524188001010014\" 人";
        let shown = masked(line);
        assert!(!shown.contains("11010519491231002X") && !shown.contains("440524188001010014"), "{shown}");
        assert!(shown.starts_with("refused holder=1") && shown.ends_with("\" 人"), "{shown}");
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for line in
            ["", "a=110105194912310021", "t=1763798400000000000", "11010519491231002X1", "urn:uuid:0190-x", "城市 ok\n"]
        {
            assert_eq!(masked(line), line);
        }
    }

    #[test]
    fn a_wrong_filter_is_told_and_starting_twice_is_harmless() {
        let wrong = Log { filter: "certless=loud".to_owned(), ..Log::default() };
        assert_eq!(start_log(&wrong).unwrap_err().code, "config_value");
        assert_eq!(start_log(&Log::default()), Ok(()));
        assert_eq!(start_log(&Log { format: LogFormat::Json, ..Log::default() }), Ok(()));
    }

    #[test]
    fn metrics_are_rendered_with_buckets() {
        let handle = metrics();
        ::metrics::counter!("telemetry_test_total", "kind" => "a").increment(2);
        ::metrics::histogram!("telemetry_test_seconds").record(0.0015);
        let text = handle.render();
        assert!(text.contains("telemetry_test_total{kind=\"a\"} 2"), "{text}");
        assert!(text.contains("telemetry_test_seconds_bucket{le=\"0.002\"} 1"), "{text}");
        assert!(text.contains("telemetry_test_seconds_bucket{le=\"0.001\"} 0"), "{text}");
    }
}
