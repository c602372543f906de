//! The JSON Schema of the configuration, generated from the defaults and the tables below.

use std::ops::RangeInclusive;

use super::Config;
use crate::base::json::{Map, Value, json};

/// A number with its range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    pub(super) name: &'static str,
    least: u64,
    most: u64,
}

impl Number {
    const fn new(name: &'static str, least: u64, most: u64) -> Self {
        Self { name, least, most }
    }

    pub(super) fn range(self) -> RangeInclusive<u64> {
        self.least..=self.most
    }
}

const GIB: u64 = 1024 * 1024 * 1024;

/// All numbers, in the order in which [`Config`] lists its values.
pub(super) const NUMBERS: [Number; 18] = [
    Number::new("fetch.seconds", 1, 60),
    Number::new("fetch.bytes", 1024, 64 * 1024 * 1024),
    Number::new("fetch.redirects", 0, 10),
    Number::new("limits.bodyBytes", 16 * 1024, 64 * 1024 * 1024),
    Number::new("limits.uploadBytes", 64 * 1024, 256 * 1024 * 1024),
    Number::new("limits.batchRows", 1, 100_000),
    Number::new("limits.requestSeconds", 1, 600),
    Number::new("limits.proxies", 0, 8),
    Number::new("staff.idleSeconds", 300, 12 * 3_600),
    Number::new("staff.sessionSeconds", 3_600, 7 * 24 * 3_600),
    Number::new("staff.fourEyes.hours", 1, 30 * 24),
    Number::new("store.cacheBytes", 16 * 1024 * 1024, 64 * GIB),
    Number::new("store.freeBytes", 64 * 1024 * 1024, 1024 * GIB),
    Number::new("uses.objectionDays", 1, 60),
    Number::new("uses.copyDays", 1, 90),
    Number::new("witnesses.quorum", 1, 16),
    Number::new("trust.updateSeconds", 60, 24 * 3_600),
    Number::new("trust.maxAgeHours", 1, 30 * 24),
];

const DESCRIPTIONS: [(&str, &str); 49] = [
    (
        "baseUrl",
        "对外地址（协议、主机、端口），写入所有标识。 The public origin that stands in every identifier: scheme, host, port.",
    ),
    ("listen", "监听地址。 The address and port to listen on."),
    ("data", "数据目录。 The folder of the store."),
    (
        "keys",
        "密钥目录，缺省为数据目录下的 keys。 The folder of the key files; `keys` inside the data folder when absent.",
    ),
    (
        "conformance",
        "是否开放一致性测试用签发接口，正式环境不得开启。 Whether issuers for test suites are offered; never in a real city.",
    ),
    ("fetch", "可从外部获取的内容。 What may be fetched from others; nothing unless hosts are named."),
    ("fetch.hosts", "允许访问的主机。 Hosts that may be asked: host, host:port, host:*, *.host or *."),
    ("fetch.loopback", "是否允许访问本机（含 http）。 Whether this machine may be asked, also over plain http."),
    ("fetch.private", "是否允许访问内网地址。 Whether private networks may be asked."),
    ("fetch.seconds", "单次获取的最长时间，秒。 Longest time for one document, in seconds."),
    ("fetch.bytes", "单份文件的最大长度，字节。 Longest document, in bytes."),
    ("fetch.redirects", "最多重定向次数。 Most redirects."),
    (
        "fetch.authorities",
        "信任的 CA 证书文件（PEM），不写则信任公共 CA。 Files with the certificate authorities to trust, PEM; the public ones when none is named.",
    ),
    ("limits", "单个调用方的限额。 How much one caller may ask for."),
    ("limits.bodyBytes", "请求正文的最大长度，字节。 Longest JSON or text body, in bytes."),
    ("limits.uploadBytes", "上传文件的最大长度，字节。 Longest uploaded file, in bytes."),
    ("limits.batchRows", "单批最多行数。 Most rows of one batch."),
    ("limits.requestSeconds", "单次请求的最长时间，秒。 Longest time for one request, in seconds."),
    (
        "limits.proxies",
        "本系统前自有反向代理的层数，据其 X-Forwarded-For 识别来访地址。 Proxies of our own before this server, whose X-Forwarded-For is believed.",
    ),
    ("staff", "工作人员账户。 The accounts of the staff."),
    (
        "staff.idleSeconds",
        "无操作多久后退出登录，秒。 Longest time without activity before a session ends, in seconds.",
    ),
    ("staff.sessionSeconds", "一次登录的最长时间，秒。 Longest time of a session, in seconds."),
    ("staff.fourEyes", "需双人复核的证照类型（代码，* 为全部）。 Types that need a second person: codes, * for all."),
    ("staff.fourEyes.issue", "签发须复核的类型。 Types issued by two."),
    ("staff.fourEyes.suspend", "暂扣须复核的类型。 Types suspended by two."),
    ("staff.fourEyes.reinstate", "解除暂扣须复核的类型。 Types reinstated by two."),
    ("staff.fourEyes.revoke", "注销须复核的类型。 Types revoked by two."),
    ("staff.fourEyes.hours", "待复核事项的有效时间，小时。 How long an action waits for the second person, in hours."),
    ("log", "运行日志。 What is written about the running."),
    ("log.filter", "各模块的日志级别。 Levels by module, as info,certless=debug."),
    ("log.format", "日志格式：text 供人阅读，json 供机器读取。 text for people, json for machines."),
    (
        "logOrigin",
        "公开日志的名称（origin 行），缺省为日志地址去掉协议部分。 The origin line of the public log; its address without the scheme when absent.",
    ),
    ("store", "内嵌存储。 The embedded store."),
    ("store.cacheBytes", "缓存内存，字节。 Memory for the cache, in bytes."),
    (
        "store.freeBytes",
        "磁盘剩余空间下限，低于此值停止写入，字节。 Free disk space below which nothing is written, in bytes.",
    ),
    ("tls", "HTTPS 加密访问。 HTTPS."),
    (
        "tls.enabled",
        "是否用 certless tls init 生成的证书提供 HTTPS。 Whether HTTPS is spoken with the certificate of certless tls init.",
    ),
    (
        "tls.certificate",
        "自有证书链文件（PEM），优先使用。 A certificate chain of one's own, PEM; spoken with instead.",
    ),
    ("tls.key", "该证书的私钥文件（PEM）。 The key of that certificate, PEM."),
    (
        "tls.proxied",
        "前面另有设备终结 TLS，本机接受来自其他机器的明文 HTTP。 Whether a machine in front speaks TLS, so that plain HTTP from other machines is served.",
    ),
    ("uses", "用证记录。 Use records."),
    ("uses.objectionDays", "答复异议的工作日数。 Working days within which an objection is answered."),
    ("uses.copyDays", "加注件最长有效天数。 Days for which an annotated copy is good, at most."),
    (
        "witnesses",
        "公开日志的见证人（名单用 certless witness 管理）。 The witnesses of the log; certless witness says who they are.",
    ),
    (
        "witnesses.quorum",
        "多少位见证人签名后，检查点才算已见证。 How many must have cosigned before a checkpoint counts as witnessed.",
    ),
    (
        "witnesses.grease",
        "检查点中是否偶尔加入无人认识的签名行，使读取方学会忽略。 Whether served checkpoints now and then carry a signature line that nobody knows.",
    ),
    ("trust", "跨城互认：其他城市的信任名录。 The trust registries of other cities."),
    (
        "trust.updateSeconds",
        "每隔多久向互认城市询问新版名录，秒。 How often other cities are asked for newer versions, in seconds.",
    ),
    (
        "trust.maxAgeHours",
        "取不到新版时，已有名录最多沿用多久，小时。 How long a registry that could not be asked for is relied on, in hours.",
    ),
];

/// Texts without a default, by section.
const ABSENT: [(&str, &str); 4] = [("", "keys"), ("", "logOrigin"), ("tls", "certificate"), ("tls", "key")];

/// The JSON Schema 2020-12 of a configuration file.
pub fn schema() -> Value {
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let mut schema = object("", defaults.as_object().unwrap_or(&Map::new()));
    let head = [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("$id", json!("urn:certless:config")),
        ("title", json!("certless configuration")),
    ];
    schema.extend(head.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(schema)
}

fn object(path: &str, defaults: &Map) -> Map {
    let mut properties: Map =
        defaults.iter().map(|(name, default)| (name.clone(), property(&join(path, name), default))).collect();
    for name in ABSENT.iter().filter(|(section, _)| *section == path).map(|(_, name)| *name) {
        properties.insert(name.to_owned(), described(&join(path, name), json!({"type": "string", "minLength": 1})));
    }
    let entries =
        [("type", json!("object")), ("additionalProperties", json!(false)), ("properties", Value::Object(properties))];
    entries.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn property(path: &str, default: &Value) -> Value {
    let mut schema = match default {
        Value::Object(members) => return described(path, Value::Object(object(path, members))),
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::Number(_) => number(path),
        Value::Array(_) => json!({"type": "array", "items": {"type": "string", "minLength": 1}}),
        Value::String(_) | Value::Null => text(path),
    };
    if let Some(members) = schema.as_object_mut() {
        members.insert("default".to_owned(), default.clone());
    }
    described(path, schema)
}

fn number(path: &str) -> Value {
    let range = NUMBERS.iter().find(|number| number.name == path);
    let (least, most) = range.map_or((0, 0), |number| (number.least, number.most));
    json!({"type": "integer", "minimum": least, "maximum": most})
}

fn text(path: &str) -> Value {
    match path {
        "baseUrl" => {
            json!({"type": "string", "pattern": "^https?://([a-z0-9.-]+|\\[[0-9a-fA-F:.]+\\])(:[0-9]{1,5})?$"})
        }
        "listen" => json!({"type": "string", "pattern": "^([0-9.]+|\\[[0-9a-fA-F:.]+\\]):[0-9]{1,5}$"}),
        "log.format" => json!({"enum": ["json", "text"]}),
        _ => json!({"type": "string", "minLength": 1}),
    }
}

fn described(path: &str, mut schema: Value) -> Value {
    let known = DESCRIPTIONS.iter().find(|(name, _)| *name == path).map_or("", |(_, text)| text);
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), json!(known));
    }
    schema
}
