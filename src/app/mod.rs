//! Configuration, telemetry and wiring of one running city.
