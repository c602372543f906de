//! Fetching from a real little server on this machine.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::allow::AllowList;
use super::{FetchError, Fetcher, Policy};

/// Serves until the test process ends; gives its port.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || answer(stream, port));
        }
    });
    port
}

/// The reader may hang up in the middle, which is what some of these answers are for.
fn answer(mut stream: TcpStream, port: u16) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if reader.read_line(&mut request).unwrap_or(0) == 0 {
            return;
        }
    }
    let path = request.split(' ').nth(1).unwrap().to_owned();
    let redirect = |to: &str| format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
    let body = |kind: &str, text: &str| {
        format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{text}", text.len())
    };
    let text = match path.as_str() {
        "/did.json" => body("Application/DID+json; charset=utf-8", "{}"),
        "/accept" => {
            body("text/plain", request.lines().find(|line| line.to_lowercase().starts_with("accept:")).unwrap())
        }
        "/exact" => body("text/plain", &"x".repeat(1000)),
        "/big" => body("text/plain", &"x".repeat(1001)),
        "/here" => redirect("/did.json"),
        "/there" => redirect(&format!("http://127.0.0.1:{port}/here")),
        "/loop" => redirect("/loop"),
        "/other-port" => redirect("http://127.0.0.1:1/"),
        "/metadata" => redirect("https://169.254.169.254/latest/"),
        "/private" => redirect("https://10.0.0.1/"),
        "/file" => redirect("file:///etc/passwd"),
        "/relative" => redirect("somewhere"),
        "/packed" => "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}".to_owned(),
        "/nonsense" => "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        "/cut" => "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort".to_owned(),
        "/drip" | "/endless" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
            let pause = Duration::from_millis(if path == "/drip" { 50 } else { 0 });
            while stream.write_all(b"1\r\nx\r\n").is_ok() {
                thread::sleep(pause);
            }
            return;
        }
        "/silent" => return thread::sleep(Duration::from_secs(5)),
        _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
    };
    let _ = stream.write_all(text.as_bytes());
}

fn policy(hosts: &[&str]) -> Policy {
    Policy {
        hosts: AllowList::parse(hosts).unwrap(),
        loopback: true,
        private: false,
        total: Duration::from_millis(800),
        max_bytes: 1000,
        max_redirects: 3,
        authorities: Vec::new(),
    }
}

fn get(path: &str) -> Result<super::Fetched, FetchError> {
    let port = server();
    let own = format!("127.0.0.1:{port}");
    Fetcher::new(policy(&[&own, "169.254.169.254", "10.0.0.1"]))
        .get(&format!("http://{own}{path}"), "application/did+json")
}

#[test]
fn a_document_comes_with_its_media_type() {
    let fetched = get("/did.json").unwrap();
    assert_eq!(fetched.bytes, b"{}");
    assert_eq!(fetched.content_type.as_deref(), Some("application/did+json"));
    assert!(fetched.url.ends_with("/did.json"));
    assert_eq!(get("/accept").unwrap().bytes.to_ascii_lowercase(), b"accept: application/did+json");
}

#[test]
fn redirects_are_followed_within_the_rules() {
    let fetched = get("/there").unwrap();
    assert!(fetched.url.ends_with("/did.json"), "{}", fetched.url);
    assert_eq!(get("/loop"), Err(FetchError::TooManyRedirects));
}

#[test]
fn a_redirect_cannot_lead_where_a_call_could_not() {
    assert_eq!(get("/other-port"), Err(FetchError::NotAllowed { host: "127.0.0.1:1".to_owned() }));
    assert_eq!(get("/metadata"), Err(FetchError::Address));
    assert_eq!(get("/private"), Err(FetchError::Address));
    assert_eq!(get("/file"), Err(FetchError::Url));
    assert_eq!(get("/relative"), Err(FetchError::Url));
}

#[test]
fn size_and_time_are_bounded() {
    assert_eq!(get("/exact").unwrap().bytes.len(), 1000);
    assert_eq!(get("/big"), Err(FetchError::TooLarge));
    assert_eq!(get("/endless"), Err(FetchError::TooLarge));
    for slow in ["/drip", "/silent"] {
        let start = Instant::now();
        assert_eq!(get(slow), Err(FetchError::Timeout), "{slow}");
        assert!(start.elapsed() < Duration::from_secs(4), "{slow} took {:?}", start.elapsed());
    }
}

#[test]
fn bad_answers_are_errors_and_not_documents() {
    assert_eq!(get("/missing"), Err(FetchError::Status(404)));
    for path in ["/packed", "/nonsense", "/cut"] {
        assert!(matches!(get(path), Err(FetchError::Unreachable(_))), "{path}: {:?}", get(path));
    }
}

#[test]
fn only_listed_hosts_are_asked() {
    let port = server();
    let url = format!("http://127.0.0.1:{port}/did.json");
    assert!(matches!(Fetcher::new(policy(&[])).get(&url, "*/*"), Err(FetchError::NotAllowed { .. })));
    let plain = Fetcher::new(policy(&["*"])).get(&url, "*/*");
    assert!(matches!(plain, Err(FetchError::NotAllowed { .. })), "{plain:?}");
    for url in ["ftp://a.example/", "a.example", "https://user@a.example/", "https:///x", "", "http://a.example\n/"] {
        assert_eq!(Fetcher::new(policy(&["*"])).get(url, "*/*"), Err(FetchError::Url), "{url:?}");
    }
}

#[test]
fn the_resolved_address_decides_not_the_name() {
    let port = server();
    let closed = Policy { loopback: false, ..policy(&["localhost:*", "127.0.0.1:*"]) };
    let fetcher = Fetcher::new(closed);
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(fetcher.get(&format!("https://{host}:{port}/"), "*/*"), Err(FetchError::Address), "{host}");
        assert_eq!(fetcher.get(&format!("http://{host}:{port}/"), "*/*"), Err(FetchError::Url), "{host}");
    }
}

#[test]
fn https_needs_tls_on_the_other_side() {
    let port = server();
    let fetched = Fetcher::new(policy(&["127.0.0.1:*"])).get(&format!("https://127.0.0.1:{port}/did.json"), "*/*");
    assert!(matches!(fetched, Err(FetchError::Unreachable(_) | FetchError::Timeout)), "{fetched:?}");
}
