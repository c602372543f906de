//! HTTPS as clients meet it: the program serves with its own authority or a given certificate, real TLS clients judge.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use certless::adapters::fetch::allow::AllowList;
use certless::adapters::fetch::{FetchError, Fetcher, Policy};
use certless::adapters::tls::{Authority, Names, outward_address};
use certless::base::random::SystemRandom;
use jiff::civil::Date;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use serde_json::Value;
use tempfile::TempDir;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// A city behind the program itself, on a port of its own.
struct Served {
    folder: TempDir,
    port: u16,
    process: Child,
}

fn certless(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_certless"));
    command.current_dir(folder).env("LC_ALL", "en_US.UTF-8").args(arguments);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let ran = certless(folder, arguments).output().unwrap();
    let text = [ran.stdout, ran.stderr].concat();
    (ran.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// A folder with a city that says it is at this origin.
fn city(base: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (code, told) = run(folder.path(), &["init", "--data", "city", "--base-url", base]);
    assert_eq!(code, 0, "{told}");
    folder
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Served {
    fn start(folder: TempDir, host: &str, port: u16, more: &[&str]) -> Self {
        let listen = format!("{host}:{port}");
        let fixed = ["serve", "--data", "city", "--listen", &listen];
        let mut command = certless(folder.path(), &[&fixed, more].concat());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert!(said.starts_with("Serving "), "{said}");
        Self { folder, port, process }
    }

    /// With the authority that `tls init` makes.
    fn with_authority() -> Self {
        let port = free_port();
        let folder = city(&format!("https://127.0.0.1:{port}"));
        let listen = format!("127.0.0.1:{port}");
        let (code, told) = run(folder.path(), &["serve", "--data", "city", "--tls", "--listen", &listen]);
        assert!(code == 2 && told.contains("certless tls init"), "{told}");
        let (code, told) = run(folder.path(), &["tls", "init", "--data", "city", "--name", "hall.example"]);
        assert!(code == 0 && told.contains("hall.example") && told.contains("Fingerprint (SHA-256): "), "{told}");
        Self::start(folder, "127.0.0.1", port, &["--tls"])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn authority(&self) -> String {
        fs::read_to_string(self.path("city/keys/tls/ca.crt")).unwrap()
    }

    fn plain(&self, path: &str, accept: &str) -> (u16, String, String) {
        get(&agent(None), &format!("http://127.0.0.1:{}{path}", self.port), accept).unwrap()
    }
}

#[test]
fn a_body_that_does_not_arrive_is_the_senders_matter() {
    let port = free_port();
    let folder = city(&format!("http://127.0.0.1:{port}"));
    let file = folder.path().join("city/certless.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    config["limits"]["requestSeconds"] = 4.into();
    fs::write(&file, config.to_string()).unwrap();
    let served = Served::start(folder, "127.0.0.1", port, &[]);
    let answer = |cut: bool| {
        let mut socket = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
        let head = "POST /verify HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 100\r\n\r\n";
        socket.write_all(format!("{head}half").as_bytes()).unwrap();
        if cut {
            socket.shutdown(std::net::Shutdown::Write).unwrap();
        }
        let mut bytes = vec![0; 4_096];
        let length = socket.read(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let late = answer(false);
    assert!(late.starts_with("HTTP/1.1 400") && late.contains("\"code\":\"body_late\""), "{late}");
    let cut = answer(true);
    assert!(cut.starts_with("HTTP/1.1 400") && cut.contains("/problems/malformed"), "{cut}");
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A client that trusts one authority, or the public ones.
fn agent(authority: Option<&str>) -> ureq::Agent {
    let roots = authority
        .map_or(RootCerts::WebPki, |pem| RootCerts::new_with_certs(&[Certificate::from_pem(pem.as_bytes()).unwrap()]));
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
    let config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
    config.timeout_global(Some(Duration::from_secs(10))).build().new_agent()
}

fn get(agent: &ureq::Agent, url: &str, accept: &str) -> Result<(u16, String, String), ureq::Error> {
    let mut answer = agent.get(url).header("accept", accept).call()?;
    let media = answer.headers().get("content-type").map(|media| media.to_str().unwrap().to_owned());
    Ok((answer.status().as_u16(), media.unwrap_or_default(), answer.body_mut().read_to_string().unwrap()))
}

/// Shakes hands in one version of TLS: the version and the server's certificate.
fn handshake(
    port: u16,
    name: &str,
    authority: &str,
    version: &'static SupportedProtocolVersion,
) -> Result<(ProtocolVersion, Vec<u8>), std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    while client.is_handshaking() {
        client.complete_io(&mut stream)?;
    }
    Ok((client.protocol_version().unwrap(), client.peer_certificates().unwrap()[0].to_vec()))
}

#[test]
fn whoever_trusts_the_authority_reads_the_city_over_https() {
    let served = Served::with_authority();
    let (authority, port) = (served.authority(), served.port);
    let trusting = agent(Some(&authority));
    for host in ["127.0.0.1", "localhost"] {
        let (status, _, text) = get(&trusting, &format!("https://{host}:{port}/.well-known/did.json"), "*/*").unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &document["id"]), (200, &format!("did:web:127.0.0.1%3A{port}").into()), "{host}");
    }
    assert!(get(&agent(None), &format!("https://127.0.0.1:{port}/health"), "*/*").is_err(), "nobody vouches for it");
    for (version, expected) in
        [(&rustls::version::TLS13, ProtocolVersion::TLSv1_3), (&rustls::version::TLS12, ProtocolVersion::TLSv1_2)]
    {
        for name in ["localhost", "hall.example", "127.0.0.1"] {
            assert_eq!(handshake(port, name, &authority, version).unwrap().0, expected, "{name}");
        }
        assert!(handshake(port, "bank.example", &authority, version).is_err());
    }
    // The page that hands the authority out is there over HTTPS too, in both languages.
    let (status, media, page) = get(&trusting, &format!("https://localhost:{port}/ca?lang=en"), "text/html").unwrap();
    assert_eq!((status, media.as_str()), (200, "text/html; charset=utf-8"));
    assert!(page.contains("Install the certificate") && page.contains(&format!("http://127.0.0.1:{port}/ca")));
}

#[test]
fn without_tls_there_is_the_authority_and_an_explanation_and_nothing_else() {
    let served = Served::with_authority();
    let (status, media, certificate) = served.plain("/ca.crt", "*/*");
    assert_eq!((status, media.as_str(), certificate), (200, "application/x-x509-ca-cert", served.authority()));
    let (status, _, page) = served.plain("/ca", "text/html");
    let print = certless::adapters::tls::fingerprint(&served.authority()).unwrap().0;
    assert!(status == 200 && page.contains("安装 CA 证书") && page.contains(&print[..23]), "{page}");
    assert_eq!(served.plain("/assets/certless.css", "*/*").0, 200);
    for path in ["/health", "/api/keys", "/.well-known/did.json", "/verify", "/"] {
        let (status, media, text) = served.plain(path, "application/json");
        assert_eq!((status, media.as_str()), (403, "application/problem+json"), "{path}: {text}");
        assert!(text.contains(&format!("https://127.0.0.1:{}", served.port)), "{text}");
        let (status, media, page) = served.plain(path, "text/html");
        assert_eq!((status, media.as_str()), (403, "text/html; charset=utf-8"), "{path}");
        assert!(page.contains("请使用安全连接") && page.contains("href=\"/ca\""), "{page}");
    }
    // What is neither TLS nor HTTP does no harm.
    for noise in [&b"\x16\x03\x01\xff\xffnonsense"[..], b"SSH-2.0-x\r\n", b"\0", b""] {
        let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
        stream.write_all(noise).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert_eq!(served.plain("/ca", "text/html").0, 200);
}

#[test]
fn documents_of_others_are_fetched_over_https_from_those_that_are_vouched_for() {
    let served = Served::with_authority();
    let fetcher = |authorities: Vec<String>| {
        Fetcher::new(Policy {
            hosts: AllowList::parse(&["127.0.0.1:*", "localhost:*"]).unwrap(),
            loopback: true,
            private: false,
            total: Duration::from_secs(5),
            max_bytes: 100_000,
            max_redirects: 3,
            authorities,
        })
    };
    let trusting = fetcher(vec![served.authority()]);
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{}/.well-known/did.json", served.port);
        let fetched = trusting.get(&url, "application/did+json").unwrap();
        assert_eq!(fetched.url, url);
        assert!(
            serde_json::from_slice::<Value>(&fetched.bytes).unwrap()["id"].as_str().unwrap().starts_with("did:web:")
        );
        assert!(matches!(fetcher(Vec::new()).get(&url, "*/*"), Err(FetchError::Unreachable(_))), "{host}");
    }
    let missing = format!("https://127.0.0.1:{}/nothing", served.port);
    assert_eq!(trusting.get(&missing, "*/*"), Err(FetchError::Status(404)));
}

#[test]
fn commands_reach_the_server_with_its_authority() {
    let served = Served::with_authority();
    let server = format!("https://127.0.0.1:{}", served.port);
    fs::write(served.path("token"), "cl_nobody\n").unwrap();
    let list = |more: &[&str]| {
        run(served.folder.path(), &[&["keys", "list", "--server", &server, "--token", "token"], more].concat())
    };
    let (code, told) = list(&["--ca", "city/keys/tls/ca.crt"]);
    assert!(code == 2 && told.contains("Sign in"), "the server answered: {told}");
    let (code, told) = list(&[]);
    assert!(code == 2 && told.contains("is not trusted") && told.contains("--ca"), "{told}");
    let (code, told) = list(&["--ca", "token"]);
    assert!(code == 2 && told.contains("holds no certificate authority"), "{told}");
}

fn names(dns: &[&str]) -> Names {
    let mut names = Names::default();
    let dns: Vec<_> = dns.iter().map(|name| (*name).to_owned()).collect();
    names.add(&dns, &["127.0.0.1".parse().unwrap()]).unwrap();
    names
}

fn today() -> Date {
    jiff::Zoned::now().date()
}

#[test]
fn a_given_certificate_is_exchanged_while_the_server_runs() {
    let (port, given) = (free_port(), tempfile::tempdir().unwrap());
    let authority = Authority::of(given.path());
    authority.init(&names(&["city.example"]), false, today(), &SystemRandom).unwrap();
    let folder = city(&format!("https://city.example:{port}"));
    let file = authority.server_file().display().to_string();
    let listen = format!("127.0.0.1:{port}");
    let serve = ["serve", "--data", "city", "--listen", &listen, "--tls-cert", &file];
    let (code, told) = run(folder.path(), &serve);
    assert!(code == 2 && told.contains("--tls-key"), "{told}");
    let (code, told) = run(folder.path(), &[&serve[..], &["--tls-key", "city/certless.json"]].concat());
    assert!(code == 2 && told.contains("cannot be used"), "{told}");
    let served = Served::start(folder, "127.0.0.1", port, &["--tls-cert", &file, "--tls-key", &file]);
    let trusted = authority.certificate().unwrap();
    let shown = || handshake(port, "city.example", &trusted, &rustls::version::TLS13).unwrap().1;
    let first = shown();
    assert_eq!(served.plain("/ca", "text/html").0, 403, "there is no authority to hand out");
    // A broken file changes nothing; the next good one is taken.
    let good = fs::read(authority.server_file()).unwrap();
    fs::remove_file(authority.server_file()).unwrap();
    hang_up(&served);
    assert_eq!(shown(), first);
    fs::write(authority.server_file(), good).unwrap();
    authority.init(&names(&["city.example"]), false, today(), &SystemRandom).unwrap();
    hang_up(&served);
    let until = Instant::now() + Duration::from_secs(10);
    while shown() == first {
        assert!(Instant::now() < until, "the new certificate is not in use");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn hang_up(served: &Served) {
    let sent = Command::new("kill").args(["-HUP", &served.process.id().to_string()]).status().unwrap();
    assert!(sent.success());
    std::thread::sleep(Duration::from_millis(300));
}

#[test]
fn an_authority_of_the_house_is_not_believed_about_others() {
    let (port, given) = (free_port(), tempfile::tempdir().unwrap());
    let authority = Authority::of(given.path());
    authority.init(&names(&["city.example"]), false, today(), &SystemRandom).unwrap();
    // Whoever has the key signs for a bank all the same.
    let record = given.path().join("tls/tls.json");
    let mut stolen: Value = serde_json::from_str(&fs::read_to_string(&record).unwrap()).unwrap();
    stolen["names"]["dns"] = serde_json::json!(["bank.example"]);
    stolen["until"] = "2020-01-01".into();
    fs::write(&record, stolen.to_string()).unwrap();
    assert!(authority.renew(today()).unwrap());
    let folder = city(&format!("https://bank.example:{port}"));
    let file = authority.server_file().display().to_string();
    let _served = Served::start(folder, "127.0.0.1", port, &["--tls-cert", &file, "--tls-key", &file]);
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let error = handshake(port, "bank.example", &authority.certificate().unwrap(), version).unwrap_err();
        assert!(error.to_string().contains("NameConstraint"), "{error}");
    }
}

#[test]
fn https_wants_a_public_address_that_says_so() {
    let folder = city("http://127.0.0.1:1");
    assert_eq!(run(folder.path(), &["tls", "init", "--data", "city"]).0, 0);
    let (code, told) = run(folder.path(), &["serve", "--data", "city", "--tls"]);
    assert!(code == 2 && told.contains("is not https"), "{told}");
}

#[test]
fn plain_http_from_another_machine_is_turned_away() {
    let Some(own) = outward_address() else {
        println!("this machine has no network: not tried");
        return;
    };
    let port = free_port();
    let served = Served::start(city(&format!("http://127.0.0.1:{port}")), "0.0.0.0", port, &[]);
    assert_eq!(served.plain("/health", "*/*").0, 200, "this machine itself");
    let other = |path: &str, accept: &str, own: IpAddr| {
        get(&agent(None), &format!("http://{}{path}", SocketAddr::new(own, port)), accept).unwrap()
    };
    let (status, media, _) = other("/health", "*/*", own);
    assert_eq!((status, media.as_str()), (403, "application/problem+json"));
    let (status, _, page) = other("/verify", "text/html", own);
    assert!(status == 403 && page.contains("certless tls init"), "{page}");
    drop(served);
    let folder = city(&format!("http://127.0.0.1:{port}"));
    let file = folder.path().join("city/certless.json");
    let mut config: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    config["tls"]["proxied"] = true.into();
    fs::write(&file, config.to_string()).unwrap();
    let _served = Served::start(folder, "0.0.0.0", port, &[]);
    assert_eq!(other("/health", "*/*", own).0, 200, "a machine in front speaks TLS");
}
