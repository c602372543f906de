//! What the types of the configuration cannot say: ranges, and what belongs together.

use std::ops::RangeInclusive;

use super::{Config, schema};
use crate::adapters::fetch::allow::AllowList;
use crate::base::error::ParseError;

impl Config {
    /// Checks what types cannot say; to be asked again after flags changed a value.
    pub fn check(&self) -> Result<(), ParseError> {
        if !is_origin(&self.base_url) {
            return Err(out_of_range("baseUrl", "scheme, host and port only, as https://licence.example"));
        }
        let keys_named = self.keys.as_ref().is_none_or(|keys| !keys.as_os_str().is_empty());
        if self.data.as_os_str().is_empty() || !keys_named || self.log.filter.is_empty() {
            return Err(out_of_range("data, keys, log.filter", "must not be empty"));
        }
        self.rules()?;
        if self.tls.certificate.is_some() != self.tls.key.is_some() {
            return Err(out_of_range("tls.certificate, tls.key", "one without the other"));
        }
        AllowList::parse(&self.fetch.hosts).map_err(|error| out_of_range("fetch.hosts", &error.detail))?;
        for (name, range, value) in self.numbers() {
            if !range.contains(&value) {
                return Err(out_of_range(name, &format!("{value} is not within {}..={}", range.start(), range.end())));
            }
        }
        Ok(())
    }

    fn numbers(&self) -> [(&'static str, RangeInclusive<u64>, u64); 18] {
        let wide = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let values = [
            u64::from(self.fetch.seconds),
            self.fetch.bytes,
            u64::from(self.fetch.redirects),
            wide(self.limits.body_bytes),
            wide(self.limits.upload_bytes),
            wide(self.limits.batch_rows),
            u64::from(self.limits.request_seconds),
            u64::from(self.limits.proxies),
            u64::from(self.staff.idle_seconds),
            u64::from(self.staff.session_seconds),
            u64::from(self.staff.four_eyes.hours),
            self.store.cache_bytes,
            self.store.free_bytes,
            u64::from(self.uses.objection_days),
            u64::from(self.uses.copy_days),
            u64::from(self.witnesses.quorum),
            u64::from(self.trust.update_seconds),
            u64::from(self.trust.max_age_hours),
        ];
        let mut values = values.into_iter();
        schema::NUMBERS.map(|number| (number.name, number.range(), values.next().unwrap_or_default()))
    }
}

pub(super) fn out_of_range(name: &str, detail: &str) -> ParseError {
    ParseError::new("config_value", format!("{name}: {detail}"))
}

/// `http` or `https`, a host, perhaps a port, and nothing else.
pub(super) fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(authority) = rest else { return false };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, "443"),
    };
    let named = |host: &str| host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let known =
        bracketed.map_or_else(|| !host.is_empty() && named(host), |v6| v6.parse::<std::net::Ipv6Addr>().is_ok());
    known && port.parse::<u16>().is_ok_and(|port| port > 0)
}
