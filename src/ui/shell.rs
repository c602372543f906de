//! Pages that are apps: an HTML shell without content of its own, which loads `/assets/{page}/main.js`.
//!
//! No script or style stands in the HTML, so that the content security policy needs no exception; WebAssembly runs only
//! on pages that read codes with it. Which language the page speaks is decided by its modules; the shell names it for
//! the first moment and for browsers without scripts.

use std::fmt::Write as _;

use axum::http::HeaderMap;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};

use super::assets::{ASSETS, Asset, find};
use super::html::escape;
use super::preferred;
use crate::base::text::{Label, Lang};
use crate::domain::error::{Error, ErrorKind};
use crate::http::problem::Problem;
use crate::http::wants_page;

/// One page.
pub(super) struct Shell {
    /// Where it is served.
    pub(super) path: &'static str,
    /// The folder of its modules below `/assets/`.
    pub(super) folder: &'static str,
    title: (&'static str, &'static str),
    /// Whether it reads codes with WebAssembly.
    wasm: bool,
}

/// Every page that is an app.
pub(super) static SHELLS: &[Shell] = &[
    shell("/", "start", ("certless 无证城市", "certless"), false),
    shell("/signin", "signin", ("登录", "Sign in"), false),
    shell("/agency", "agency", ("发证工作台", "Agency"), false),
    shell("/window", "window", ("办事窗口", "Window"), true),
    shell("/window/citizen", "citizen", ("请您确认", "For you to confirm"), false),
    shell("/wallet", "wallet", ("证照卡包", "Wallet"), true),
    shell("/wallet/receive", "wallet", ("证照卡包", "Wallet"), true),
    shell("/wallet/present", "wallet", ("证照卡包", "Wallet"), true),
    shell("/supervise", "supervise", ("督查", "Supervision"), false),
    shell("/audit", "audit", ("审计", "Audit"), false),
    shell("/verify", "verify", ("核验", "Verify"), true),
];

const fn shell(path: &'static str, folder: &'static str, title: (&'static str, &'static str), wasm: bool) -> Shell {
    Shell { path, folder, title, wasm }
}

impl Shell {
    /// The page; where machines have an interface too, only for callers that want HTML.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Response {
        if self.path == "/verify" && !wants_page(headers) {
            let error = Error::new(ErrorKind::WrongMethod, "the page is HTML; machines send what is to be verified");
            return ([(ALLOW, "POST")], Problem(error)).into_response();
        }
        let policy = [(CONTENT_SECURITY_POLICY, self.policy()), (CONTENT_TYPE, "text/html; charset=utf-8".to_owned())];
        let camera = if self.wasm { "camera=(self)" } else { "camera=()" };
        let rest = [
            (CACHE_CONTROL, "no-cache".to_owned()),
            (HeaderName::from_static("permissions-policy"), format!("{camera}, microphone=(), geolocation=()")),
        ];
        (policy, rest, self.html(preferred(headers))).into_response()
    }

    /// What the page may load: what this server embeds, and pictures it makes itself.
    fn policy(&self) -> String {
        let wasm = if self.wasm { " 'wasm-unsafe-eval'" } else { "" };
        format!(
            "default-src 'none'; script-src 'self'{wasm}; style-src 'self'; img-src 'self' data: blob:; \
             media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'"
        )
    }

    fn html(&self, lang: Lang) -> String {
        let title = Label { zh: self.title.0.to_owned(), en: self.title.1.to_owned() };
        let (tag, title, folder) = (lang.tag(), escape(title.get(lang)), self.folder);
        let without = lang.pick("请在浏览器中启用 JavaScript。", "Please switch JavaScript on in the browser.");
        let mut links = String::new();
        for name in ["certless.css".to_owned(), format!("{folder}/style.css")] {
            if find(&name).is_some() {
                let _ = writeln!(links, "<link rel=\"stylesheet\" href=\"/assets/{name}\">");
            }
        }
        if find(&format!("{folder}/app.webmanifest")).is_some() {
            let _ = writeln!(links, "<link rel=\"manifest\" href=\"/assets/{folder}/app.webmanifest\">");
            links.push_str("<link rel=\"apple-touch-icon\" href=\"/assets/icon-192.png\">\n");
        }
        format!(
            "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\n\
             <meta name=\"robots\" content=\"noindex\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n<link rel=\"icon\" href=\"/assets/icon.svg\" type=\"image/svg+xml\">\n{links}\
             <script type=\"module\" src=\"/assets/{folder}/main.js\"></script>\n</head>\n\
             <body class=\"{folder}\">\n<div id=\"app\"></div>\n<noscript>{without}</noscript>\n</body>\n</html>\n"
        )
    }
}

/// The wallet's service worker: its code behind the list of the files that it keeps for offline use.
pub(super) async fn worker() -> Response {
    let kept = ["lib/", "wallet/", "vendor/", "text/", "certless.css", "icon"];
    let mut list = String::new();
    for asset in ASSETS.iter().filter(|asset| kept.iter().any(|prefix| asset.path.starts_with(prefix))) {
        let _ = write!(list, "[\"/assets/{}\",{}],", asset.path, asset.tag);
    }
    let code = find("wallet/worker.js").map_or("", Asset::text);
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("service-worker-allowed"), "/wallet"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; connect-src 'self'"),
    ];
    (headers, format!("const KEPT=[{list}];\n{code}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_holds_no_script_and_its_policy_allows_none() {
        for shell in SHELLS {
            let html = shell.html(Lang::Zh);
            assert_eq!(html.matches("<script").count(), 1, "{}", shell.path);
            assert!(html.contains("></script>") && !html.contains("<style") && !html.contains("style="), "{html}");
            assert!(!shell.policy().contains("unsafe-inline"));
            assert_eq!(shell.policy().contains("wasm-unsafe-eval"), shell.wasm);
            assert!(find(&format!("{}/main.js", shell.folder)).is_some(), "{} has no module", shell.path);
        }
    }
}
