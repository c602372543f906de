//! The city's own HTTP interface as its command line uses it: JSON out, JSON back, problem documents become errors.
//!
//! The user names the server, so there is no allow-list; time and size are bounded. A bearer token goes to one origin
//! only: no redirect is followed, no proxy is asked, and over plain `http` it goes to this machine alone. Nothing is tried twice here; whoever asks knows whether asking again is harmless.

pub mod issuer;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use ureq::http::{Response, Uri, header};
use ureq::{Agent, Body, RequestBuilder};

use super::fetch::trusting;
use crate::base::bytes::hex;
use crate::base::json::{Limits, Map, Value, parse};
use crate::base::secret::Secret;
use crate::base::text::Label;
use crate::crypto::digest::sha256;
use crate::domain::error::{Error, ErrorKind, Reason};

/// Longest answer, bytes.
const MOST_ANSWER: usize = 16 << 20;
/// Longest token, bytes.
const MOST_TOKEN: usize = 4096;
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest time for one request.
const TOTAL: Duration = Duration::from_mins(2);

/// Asks one server, with a token or without; cheap calls after the first, the connection is kept.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    base: String,
    token: Option<Secret<String>>,
}

impl Client {
    /// A client of the server at an origin; the bearer token is the content of a file, and so is the
    /// certificate authority to trust instead of the public ones. With a token only `https://host`, or
    /// `http://` to this machine.
    pub fn open(server: &str, token: Option<&Path>, authority: Option<&Path>) -> Result<Self, Error> {
        let base = server.trim_end_matches('/').to_owned();
        if !is_origin(&base) || (token.is_some() && !keeps_secrets(&base)) {
            return Err(Error::new(ErrorKind::Malformed, "server is no https origin").says(
                format!("服务器网址 {base} 无效：请用 https://主机，本机可用 http://。"),
                format!("{base} is not a server's address: use https://host; http:// is for this machine only."),
            ));
        }
        let token = token.map(read_token).transpose()?;
        let authority = authority.map(read_authority).transpose()?;
        let agent = Agent::config_builder()
            .tls_config(trusting(authority.as_slice()))
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(TOTAL))
            .user_agent("certless")
            .build()
            .new_agent();
        Ok(Self { agent, base, token })
    }

    /// The JSON at a path.
    pub fn get(&self, path: &str) -> Result<Value, Error> {
        let request = self.agent.get(format!("{}{path}", self.base));
        self.read(self.signed(request).call())
    }

    /// What stands at a path, to be read as it comes: of any length, however long it takes.
    pub fn stream(&self, path: &str) -> Result<impl Read + use<>, Error> {
        let request = self.signed(self.agent.get(format!("{}{path}", self.base)));
        let request = request.config().timeout_global(None).timeout_recv_response(Some(TOTAL)).build();
        let answer = request.call().map_err(|error| self.no_answer(error))?;
        if answer.status().is_success() {
            return Ok(answer.into_body().into_reader());
        }
        let refused = self.read(Ok(answer));
        Err(refused.err().unwrap_or_else(|| Error::new(ErrorKind::Unavailable, "no success")))
    }

    /// Posts JSON. [`ErrorKind::Unknown`] when no answer came back: it may have been done.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.send(path, "application/json", body.to_string().as_bytes())
    }

    /// Posts bytes whose kind the server finds out.
    pub fn post_bytes(&self, path: &str, body: &[u8]) -> Result<Value, Error> {
        self.send(path, "application/octet-stream", body)
    }

    /// Posts named parts as one form (RFC 7578).
    pub fn post_form(&self, path: &str, parts: &[(&str, &[u8])]) -> Result<Value, Error> {
        let contents: Vec<&[u8]> = parts.iter().map(|(_, content)| *content).collect();
        // Nothing can contain its own digest.
        let boundary = format!("certless-{}", hex(&sha256(&contents.concat())));
        let mut body = Vec::new();
        for (name, content) in parts {
            let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        self.send(path, &format!("multipart/form-data; boundary={boundary}"), &body)
    }

    /// Gets, or posts a form: the status and the body as they are, for protocols whose answers are not this system's.
    /// Redirects are not followed.
    pub fn text(&self, path: &str, form: Option<&str>, accept: &str) -> Result<(u16, String), Error> {
        let address = format!("{}{path}", self.base);
        let answer = match form {
            Some(form) => {
                let request = self.agent.post(address).header(header::ACCEPT, accept);
                request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").send(form.as_bytes())
            }
            None => self.agent.get(address).header(header::ACCEPT, accept).call(),
        };
        let mut answer = answer.map_err(|error| self.no_answer(error))?;
        let limit = u64::try_from(MOST_ANSWER).unwrap_or(u64::MAX);
        let body = answer.body_mut().with_config().limit(limit).read_to_string();
        Ok((answer.status().as_u16(), body.map_err(|error| self.no_answer(error))?))
    }

    /// Gets a document of any kind, at most 16 MiB; `None` where there is none.
    pub fn document(&self, path: &str, accept: &str) -> Result<Option<Vec<u8>>, Error> {
        let answer = self.agent.get(format!("{}{path}", self.base)).header(header::ACCEPT, accept).call();
        let mut answer = answer.map_err(|error| self.no_answer(error))?;
        match answer.status().as_u16() {
            200 => {}
            404 | 410 => return Ok(None),
            _ => return self.read(Ok(answer)).map(|_| None),
        }
        let limit = u64::try_from(MOST_ANSWER).unwrap_or(u64::MAX);
        let body = answer.body_mut().with_config().limit(limit).read_to_vec();
        body.map(Some).map_err(|error| self.no_answer(error))
    }

    fn send(&self, path: &str, media: &str, body: &[u8]) -> Result<Value, Error> {
        let request = self.agent.post(format!("{}{path}", self.base)).header(header::CONTENT_TYPE, media);
        self.read(self.signed(request).send(body))
    }

    fn signed<Any>(&self, request: RequestBuilder<Any>) -> RequestBuilder<Any> {
        let request = request.header(header::ACCEPT, "application/json");
        match &self.token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose())),
            None => request,
        }
    }

    fn read(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Value, Error> {
        let mut answer = answer.map_err(|error| self.no_answer(error))?;
        let status = answer.status();
        let limit = u64::try_from(MOST_ANSWER).unwrap_or(u64::MAX);
        let body = answer.body_mut().with_config().limit(limit).read_to_vec();
        let body = body.map_err(|error| self.no_answer(error))?;
        let read = parse(&body, &Limits { bytes: MOST_ANSWER, ..Limits::DEFAULT });
        let problem = |value: &Value| {
            value.as_object().filter(|map| map.get("type").and_then(problem_kind).is_some()).map(error_of)
        };
        match read {
            Ok(value) if status.is_success() => Ok(value),
            Ok(value) if let Some(error) = problem(&value) => Err(error),
            _ => Err(Error::new(ErrorKind::Unavailable, format!("{} answered {status}", self.base)).says(
                format!("{} 的应答（{status}）不是本系统的应答。请核对网址。", self.base),
                format!("{} answered {status}, not as this system does. Check the address.", self.base),
            )),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum is open; the rest is told as unreachable")]
    fn no_answer(&self, error: ureq::Error) -> Error {
        let base = &self.base;
        // The library tells a refused handshake as an error of the connection.
        if error.to_string().contains("invalid peer certificate") {
            return Error::new(ErrorKind::Unavailable, format!("{base}: {error}")).says(
                format!("{base} 的证书不受信任（{error}）。本城市自己的 CA 请用 --ca 指定。"),
                format!("The certificate of {base} is not trusted ({error}). Name the city's own authority with --ca."),
            );
        }
        match error {
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed => self.unreachable(&error),
            ureq::Error::Io(ref io) if io.kind() == std::io::ErrorKind::ConnectionRefused => self.unreachable(&error),
            ureq::Error::Timeout(_) | ureq::Error::Io(_) | ureq::Error::Protocol(_) => {
                Error::new(ErrorKind::Unknown, format!("{base}: {error}")).says(
                    format!("{base} 没有完整应答（{error}），可能已经办理。请再次执行同一命令。"),
                    format!(
                        "{base} gave no whole answer ({error}); it may have been done. Run the same command again."
                    ),
                )
            }
            other => self.unreachable(&other),
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> Error {
        let base = &self.base;
        Error::new(ErrorKind::Unavailable, format!("{base}: {error}")).says(
            format!("无法连接 {base}（{error}）。请确认服务已启动、网址正确。"),
            format!("{base} cannot be reached ({error}). Is the server running, and the address right?"),
        )
    }
}

/// Scheme, host and port, nothing else.
fn is_origin(base: &str) -> bool {
    let Ok(uri) = base.parse::<Uri>() else { return false };
    let named = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
    named && bare && matches!(uri.scheme_str(), Some("https" | "http"))
}

/// Whether what goes to an origin is read by nobody on the way.
fn keeps_secrets(base: &str) -> bool {
    let Ok(uri) = base.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let own = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    uri.scheme_str() == Some("https") || own && uri.scheme_str() == Some("http")
}

/// The text of a file with a certificate authority.
pub fn read_authority(file: &Path) -> Result<String, Error> {
    let name = file.display();
    let text = fs::read_to_string(file).unwrap_or_default();
    if text.contains("-----BEGIN CERTIFICATE-----") {
        return Ok(text);
    }
    Err(Error::new(ErrorKind::NotFound, format!("{name} holds no certificate"))
        .says(format!("文件 {name} 中没有 CA 证书（PEM）。"), format!("{name} holds no certificate authority (PEM).")))
}

fn read_token(file: &Path) -> Result<Secret<String>, Error> {
    let name = file.display();
    let text = fs::read_to_string(file).map(Secret::new).map_err(|error| {
        Error::new(ErrorKind::NotFound, format!("{name}: {error}")).says(
            format!("无法读取令牌文件 {name}：{error}。"),
            format!("The token file {name} cannot be read: {error}."),
        )
    })?;
    let token = text.expose().trim();
    if token.is_empty() || token.len() > MOST_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::new(ErrorKind::Malformed, format!("{name} holds no token")).says(
            format!("文件 {name} 中不是访问令牌，应只有一行令牌。"),
            format!("{name} holds no access token; it should be the token on one line."),
        ));
    }
    Ok(Secret::new(token.to_owned()))
}

fn problem_kind(kind: &Value) -> Option<ErrorKind> {
    let (_, code) = kind.as_str()?.rsplit_once("/problems/")?;
    ErrorKind::ALL.into_iter().find(|kind| kind.code() == code)
}

/// The error that a problem document of the city tells (RFC 9457); `internal` for an unknown type.
pub fn error_of(problem: &Map) -> Error {
    let text = |map: &Map, name: &str| map.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = problem.get("type").and_then(problem_kind).unwrap_or(ErrorKind::Internal);
    let mut error = Error::new(kind, text(problem, "detail"));
    let (zh, en) = (text(problem, "zh"), text(problem, "en"));
    if !zh.is_empty() && !en.is_empty() {
        error = error.says(zh, en);
    }
    let reasons = problem.get("reasons").and_then(Value::as_array).into_iter().flatten();
    let reasons = reasons.filter_map(Value::as_object).map(|reason| Reason {
        field: text(reason, "field"),
        code: text(reason, "code"),
        message: Label::new(text(reason, "zh"), text(reason, "en")),
    });
    error.because(reasons.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;

    #[test]
    fn a_token_travels_over_tls_or_stays_on_this_machine() {
        for good in ["https://city.example", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:8080"] {
            assert!(is_origin(good) && keeps_secrets(good), "{good}");
        }
        for open in ["http://city.example", "http://127.0.0.1.example"] {
            assert!(is_origin(open) && !keeps_secrets(open), "{open}");
        }
        let with_more = ["https://a@city.example", "https://city.example/api", "https://city.example?b"];
        for bad in ["ftp://localhost", "city.example", "", "/"].into_iter().chain(with_more) {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn a_problem_document_is_the_error_it_was() {
        let problem = json!({
            "type": "/problems/refused", "status": 422, "zh": "错", "en": "wrong", "detail": "idNumber bad_code",
            "reasons": [{"field": "idNumber", "code": "bad_code", "zh": "号码有误", "en": "bad"}],
        });
        let error = error_of(problem.as_object().unwrap());
        assert_eq!((error.kind, error.detail.as_str()), (ErrorKind::Refused, "idNumber bad_code"));
        assert_eq!(error.message, Some(Label::new("错", "wrong")));
        assert_eq!(error.reasons[0].message, Label::new("号码有误", "bad"));
        assert_eq!(error_of(&Map::new()).kind, ErrorKind::Internal);
    }

    #[test]
    fn a_file_without_a_token_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        assert_eq!(read_token(&file).unwrap_err().kind, ErrorKind::NotFound);
        for text in ["", "\n", "two words", "x\ny"] {
            fs::write(&file, text).unwrap();
            assert_eq!(read_token(&file).unwrap_err().kind, ErrorKind::Malformed, "{text:?}");
        }
        fs::write(&file, "abc\n").unwrap();
        assert_eq!(read_token(&file).unwrap().expose(), "abc");
    }
}
