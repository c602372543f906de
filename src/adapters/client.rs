//! Calls to a certless server, for commands that let a server do the work.
//!
//! The user names the server, so there is no allow-list; time and size are bounded all the same, and the token goes to that
//! server only. A problem document becomes the error that it tells.

use std::path::Path;
use std::time::Duration;

use crate::base::json::{Limits, Map, Value, parse};
use crate::base::secret::Secret;
use crate::base::text::Label;
use crate::domain::error::{Error, ErrorKind, Reason};

/// Longest time for one call; a batch of thousands of rows takes seconds.
const TIME: Duration = Duration::from_mins(2);
/// Longest answer, bytes.
const MOST: u64 = 64 << 20;

/// A server and who calls it.
pub struct Client {
    agent: ureq::Agent,
    server: String,
    token: Option<Secret<String>>,
}

impl Client {
    /// A client of `https://host` or `http://host:port`; the bearer token is the content of a file.
    pub fn open(server: &str, token: Option<&Path>) -> Result<Self, Error> {
        let server = server.trim_end_matches('/').to_owned();
        if !(server.starts_with("https://") || server.starts_with("http://")) {
            return Err(Error::malformed("server")
                .says("--server 应为 http(s):// 开头的网址。", "--server is a URL that begins with http(s)://."));
        }
        let token = token.map(read_token).transpose()?;
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIME)).max_redirects(0);
        Ok(Self { agent: config.build().new_agent(), server, token })
    }

    /// The JSON at a path.
    pub fn get(&self, path: &str) -> Result<Value, Error> {
        let mut request = self.agent.get(format!("{}{path}", self.server));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        self.answer(request.call())
    }

    /// Posts JSON.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.send(path, "application/json", body.to_string().as_bytes())
    }

    /// Posts bytes whose kind the server finds out.
    pub fn post_bytes(&self, path: &str, body: &[u8]) -> Result<Value, Error> {
        self.send(path, "application/octet-stream", body)
    }

    fn send(&self, path: &str, media: &str, body: &[u8]) -> Result<Value, Error> {
        let mut request = self.agent.post(format!("{}{path}", self.server)).header("content-type", media);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        self.answer(request.send(body))
    }

    fn answer(&self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, Error> {
        let unreachable = |error: ureq::Error| {
            Error::new(ErrorKind::Unavailable, format!("{}: {error}", self.server)).says(
                format!("无法连接服务器 {}，请确认已启动。", self.server),
                format!("The server {} does not answer. Check that it runs.", self.server),
            )
        };
        let mut answer = answer.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let bytes = answer.body_mut().with_config().limit(MOST).read_to_vec().map_err(unreachable)?;
        let limits = Limits { bytes: bytes.len(), ..Limits::DEFAULT };
        let value = parse(&bytes, &limits);
        if (200..300).contains(&status) {
            return Ok(value?);
        }
        Err(problem(status, value.unwrap_or_default().as_object()))
    }
}

fn read_token(path: &Path) -> Result<Secret<String>, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let name = path.display();
        Error::new(ErrorKind::NotFound, format!("{name}: {error}"))
            .says(format!("无法读取令牌文件 {name}。"), format!("Cannot read the token file {name}."))
    })?;
    Ok(Secret::new(text.trim().to_owned()))
}

/// The error that a problem document tells.
fn problem(status: u16, document: Option<&Map>) -> Error {
    let text = |map: &Map, name: &str| map.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(document) = document else {
        return Error::new(ErrorKind::Unavailable, format!("the server answered {status}"));
    };
    let code = text(document, "type");
    let kind = ErrorKind::ALL.into_iter().find(|kind| code.ends_with(&format!("/{}", kind.code())));
    let reasons = document.get("reasons").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let reasons = reasons.map(|reason| Reason {
        field: text(reason, "field"),
        code: text(reason, "code"),
        message: Label::new(text(reason, "zh"), text(reason, "en")),
    });
    Error::new(kind.unwrap_or(ErrorKind::Unavailable), text(document, "detail"))
        .says(text(document, "zh"), text(document, "en"))
        .because(reasons.collect())
}
