//! The city's own certificate authority for phones: the page that hands it out, and the page for whoever comes without TLS.
//!
//! Both are served over plain HTTP too, on the same port, because a phone that does not trust the authority yet cannot come
//! by HTTPS. What it downloads there is checked by the fingerprint, which a clerk's screen shows as well.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::html::{Look, document, escape};
use super::{page, preferred};
use crate::base::text::Lang;
use crate::domain::error::{Error, ErrorKind};
use crate::http::problem::Problem;
use crate::http::wants_page;
use crate::wire::qr::{Code, Correction};

/// The authority as it is handed out.
#[derive(Clone, Debug)]
pub struct Ca {
    /// The certificate, PEM.
    pub pem: String,
    /// Its SHA-256, `AB:CD:…`.
    pub fingerprint: String,
    /// The city's origin, `https://…`.
    pub origin: String,
}

impl Ca {
    /// The page's address over plain HTTP.
    fn plain(&self) -> String {
        format!("http://{}/ca", self.origin.trim_start_matches("https://"))
    }
}

/// `/ca` and `/ca.crt` of a city with an authority of its own.
pub fn router(ca: &Arc<Ca>) -> Router {
    let (shown, given) = (Arc::clone(ca), Arc::clone(ca));
    let show = move |headers: HeaderMap, uri: Uri| async move {
        page(StatusCode::OK, &hand_out(&shown, look(&headers, &uri)))
    };
    Router::new().route("/ca", get(show)).route("/ca.crt", get(move || async move { certificate(&given) }))
}

/// What is served without TLS: the way to the authority, where there is one, and an explanation for all else.
pub fn plain(origin: &str, ca: Option<&Arc<Ca>>) -> Router {
    let router = ca.map_or_else(Router::new, router).route("/assets/{*path}", get(super::assets::serve));
    let (origin, known) = (origin.to_owned(), ca.is_some());
    router.fallback(move |headers: HeaderMap, uri: Uri| async move { explain(&origin, known, &headers, &uri) })
}

fn certificate(ca: &Ca) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/x-x509-ca-cert"),
        (CONTENT_DISPOSITION, "attachment; filename=\"certless-ca.crt\""),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, ca.pem.clone()).into_response()
}

fn explain(origin: &str, known: bool, headers: &HeaderMap, uri: &Uri) -> Response {
    let secure = origin.starts_with("https://");
    if wants_page(headers) {
        return page(StatusCode::FORBIDDEN, &refusal(secure.then_some(origin), known, look(headers, uri)));
    }
    let (zh, en) = if secure {
        (format!("本服务只接受 HTTPS 访问，请改用 {origin}。"), format!("Only HTTPS is served here: use {origin}."))
    } else {
        (
            "本服务不接受其他设备的明文 HTTP 访问，请联系管理员启用 HTTPS。".to_owned(),
            "Plain HTTP from other machines is not served. Ask the operator to turn on HTTPS.".to_owned(),
        )
    };
    Problem(Error::new(ErrorKind::NotAllowed, "plain HTTP from another machine").says(zh, en)).into_response()
}

/// `?lang=` and `?large=1`, else what the browser prefers.
fn look(headers: &HeaderMap, uri: &Uri) -> Look {
    let asked = |name: &str| uri.query()?.split('&').find_map(|part| part.strip_prefix(name));
    Look {
        lang: asked("lang=").map_or_else(|| preferred(headers), Lang::from_tag),
        large: asked("large=") == Some("1"),
    }
}

fn refusal(origin: Option<&str>, known: bool, look: Look) -> String {
    let lang = look.lang;
    let title = lang.pick("请使用安全连接", "Use the secure address");
    let mut main = format!("<h1>{title}</h1>\n");
    let why = lang.pick(
        "这里要处理证件信息，明文连接可能被他人看到或篡改，因此没有打开。",
        "Licences are handled here. Others could read or change what travels over a plain connection, so nothing was opened.",
    );
    let _ = writeln!(main, "<p class=\"reason\">{why}</p>");
    if let Some(origin) = origin {
        let _ = writeln!(main, "<p><a href=\"{0}\">{0}</a></p>", escape(origin));
    } else {
        let ask = lang.pick(
            "请联系管理员启用 HTTPS（certless tls init，再以 --tls 启动）。",
            "Ask the operator to turn on HTTPS (certless tls init, then start with --tls).",
        );
        let _ = writeln!(main, "<p>{ask}</p>");
    }
    if known {
        let (zh, en) = (
            "如果浏览器提示证书不受信任，请先安装本城市的 CA 证书。",
            "If the browser does not trust the certificate, install the city's authority first.",
        );
        let link = lang.pick("安装 CA 证书", "Install the certificate");
        let _ = writeln!(main, "<p>{} <a href=\"/ca\">{link}</a></p>", lang.pick(zh, en));
    }
    document(look, title, &main)
}

fn hand_out(ca: &Ca, look: Look) -> String {
    let lang = look.lang;
    let say = |zh: &'static str, en: &'static str| lang.pick(zh, en);
    let title = say("安装 CA 证书", "Install the certificate");
    let mut main = format!("<h1>{title}</h1>\n");
    let why = say(
        "手机安装一次后，才能安全打开本城市的页面并使用摄像头。",
        "Once it is installed, a phone opens the city's pages securely and may use its camera.",
    );
    let _ = writeln!(
        main,
        "<p>{why}</p>\n<p><a href=\"/ca.crt\" download>{}</a></p>",
        say("下载 CA 证书", "Download the certificate")
    );
    if let Ok(code) = Code::new(&ca.plain(), Correction::Medium) {
        let told = say("用手机扫码打开本页", "Scan to open this page on a phone");
        let _ = writeln!(
            main,
            "<figure class=\"qr\">{}<figcaption>{told}<br>{}</figcaption></figure>",
            code.to_svg(),
            escape(&ca.plain())
        );
    }
    let _ = writeln!(
        main,
        "<h2>{}</h2>\n<p>{}</p>\n<p class=\"fingerprint\"><code>{}</code></p>",
        say("核对指纹（SHA-256）", "Compare the fingerprint (SHA-256)"),
        say(
            "安装前，请核对手机上显示的指纹与窗口工作人员屏幕上的一致；不一致请勿安装。",
            "Before installing, compare what the phone shows with the screen of the window clerk. If they differ, do not install it."
        ),
        grouped(&ca.fingerprint),
    );
    for (system, steps) in STEPS {
        let _ = writeln!(main, "<h2>{}</h2>\n<ol>", lang.pick(system.0, system.1));
        for (zh, en) in *steps {
            let _ = writeln!(main, "<li>{}</li>", lang.pick(zh, en));
        }
        main.push_str("</ol>\n");
    }
    let _ = writeln!(main, "<p><a href=\"{0}\">{0}</a></p>", escape(&ca.origin));
    document(look, title, &main)
}

/// Eight bytes a line, so that two people can read it to each other.
fn grouped(fingerprint: &str) -> String {
    let bytes: Vec<_> = fingerprint.split(':').collect();
    bytes.chunks(8).map(|line| line.join(":")).collect::<Vec<_>>().join("<br>")
}

type Steps = &'static [(&'static str, &'static str)];

/// How each system installs a certificate authority.
const STEPS: &[((&str, &str), Steps)] = &[
    (
        ("安卓", "Android"),
        &[
            ("下载 CA 证书。", "Download the certificate."),
            (
                "设置 → 安全（更多安全设置）→ 加密与凭据 → 安装证书 → CA 证书。",
                "Settings → Security (more) → Encryption &amp; credentials → Install a certificate → CA certificate.",
            ),
            ("选择下载的 certless-ca.crt。", "Choose the downloaded certless-ca.crt."),
        ],
    ),
    (
        ("鸿蒙", "HarmonyOS"),
        &[
            ("下载 CA 证书。", "Download the certificate."),
            (
                "设置 → 隐私和安全 → 高级 → 证书与凭据 → 从存储设备安装 → CA 证书。",
                "Settings → Privacy &amp; security → Advanced → Certificates → Install from storage → CA certificate.",
            ),
        ],
    ),
    (
        ("苹果手机", "iPhone"),
        &[
            ("用 Safari 下载 CA 证书，选择“允许”。", "Download the certificate with Safari and choose Allow."),
            ("设置 → 已下载描述文件 → 安装。", "Settings → Profile Downloaded → Install."),
            (
                "设置 → 通用 → 关于本机 → 证书信任设置 → 打开“certless local CA”。",
                "Settings → General → About → Certificate Trust Settings → turn on “certless local CA”.",
            ),
        ],
    ),
    (
        ("电脑", "Computers"),
        &[
            (
                "Windows：双击证书 → 安装证书 → 本地计算机 → 受信任的根证书颁发机构。",
                "Windows: open the file → Install Certificate → Local Machine → Trusted Root Certification Authorities.",
            ),
            (
                "统信、麒麟等 Linux：在浏览器设置的证书管理中导入“授权机构”。",
                "Linux: import it under Authorities in the browser's certificate settings.",
            ),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn ca() -> Ca {
        let fingerprint = ["AB"; 32].join(":");
        Ca { pem: "-----BEGIN".to_owned(), fingerprint, origin: "https://10.0.0.5:8443".to_owned() }
    }

    #[test]
    fn the_page_hands_the_authority_out_in_both_languages() {
        for (lang, title) in [(Lang::Zh, "安装 CA 证书"), (Lang::En, "Install the certificate")] {
            let html = hand_out(&ca(), Look { lang, large: false });
            assert!(html.contains(&format!("<h1>{title}</h1>")) && html.contains("href=\"/ca.crt\""), "{html}");
            assert!(html.contains("http://10.0.0.5:8443/ca") && html.contains("<svg"), "{html}");
            assert_eq!(html.matches("AB:AB:AB:AB:AB:AB:AB:AB").count(), 4);
        }
    }

    #[test]
    fn whoever_comes_without_tls_is_told_where_to_go() {
        let page = refusal(Some("https://10.0.0.5:8443"), true, Look { lang: Lang::Zh, large: true });
        assert!(page.contains("href=\"https://10.0.0.5:8443\"") && page.contains("href=\"/ca\""), "{page}");
        let page = refusal(None, false, Look { lang: Lang::En, large: false });
        assert!(page.contains("certless tls init") && !page.contains("href=\"/ca\""), "{page}");
        let answer = explain("https://10.0.0.5:8443", true, &HeaderMap::new(), &Uri::from_static("/api/keys"));
        assert_eq!(
            (answer.status(), answer.headers()["content-type"].to_str().unwrap()),
            (StatusCode::FORBIDDEN, "application/problem+json")
        );
    }
}
