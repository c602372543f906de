//! The texts: one row for every text of the grammar, in the order of the alphabet.

use crate::cli::tool::MEMBERS;

/// What stands for a value in usage lines.
pub(super) const PLACEHOLDERS: &[(&str, &str)] = &[
    ("ACCOUNT", "账号"),
    ("ACT", "操作"),
    ("ADDR", "地址"),
    ("CASE", "办件编号"),
    ("CLAIM", "信息项"),
    ("CITY", "城市"),
    ("CODE", "代码"),
    ("COMMAND", "命令"),
    ("CORRECTION", "等级"),
    ("DAYS", "天数"),
    ("DIGITS", "数字"),
    ("DIR", "目录"),
    ("DIR|FILE", "目录|文件"),
    ("FILE", "文件"),
    ("FINGERPRINT", "指纹"),
    ("FORM", "形式"),
    ("ID", "标识"),
    ("INPUT", "输入"),
    ("KEY", "密钥"),
    ("LABEL", "说明"),
    ("LANG", "语言"),
    ("LICENCE", "证照"),
    ("LICENCES", "证照"),
    ("NAME", "名称"),
    ("NUMBER", "数量"),
    ("OP", "运算"),
    ("ORIGIN", "日志名称"),
    ("OPTIONS", "选项"),
    ("PACKAGES", "证照包"),
    ("PASSPHRASE", "口令"),
    ("PIXELS", "像素"),
    ("REQUEST|LICENCE", "请求|证照"),
    ("ROLE", "角色"),
    ("SECONDS", "秒"),
    ("TEXT", "文字"),
    ("TIME", "时间"),
    ("TYPE", "类型"),
    ("URL", "网址"),
    ("URL|DIR", "网址|目录"),
    ("VIEW", "视图"),
    ("WALLET", "卡包"),
];

/// Why values are refused: a part of the English reason, and the Chinese.
pub(super) const REASONS: &[(&str, &str)] = &[
    ("invalid socket address", "应为“IP:端口”，如 127.0.0.1:8080"),
    ("invalid digit", "应为整数"),
    ("number too", "数值超出范围"),
    ("is not in", "数值超出范围"),
    ("cannot parse integer", "应为整数"),
    ("a key of the city", "应为 root、log 或 witness"),
    ("agency", "应为机关代码，如 GA"),
    ("type", "应为证照类型代码，如 idCard"),
    ("invalid IP address", "应为 IP 地址"),
];

/// English and Chinese.
pub(super) const TEXTS: &[(&str, &str)] = &[
    ("Accept a city's licences no more", "不再承认某城市的证照"),
    (
        "Accept another city's licences of named types. Without --root its fingerprint is shown, to be compared by telephone",
        "承认另一城市的指定类型证照。不写 --root 时显示对方指纹，供电话核对",
    ),
    ("Ask one city, or every one, for a newer registry now", "立即向某城市（不写则全部）询问新版名录"),
    (
        "Its root key as it was compared: the fingerprint, a multikey or a did:key",
        "核对过的对方根密钥：指纹、公钥或 did:key",
    ),
    (
        "Look again at what was accepted without a network. Exit 1 when an acceptance does not stand",
        "事后核对离线核验的记录。有不成立的，退出码为 1",
    ),
    (
        "Note what is accepted in the journal, so that it counts as used and is reconciled later",
        "核验通过的记入离线记录，视为已使用，联网后核对",
    ),
    (
        "Other cities whose licences are accepted, and verifying without a network",
        "跨城互认：承认哪些城市的证照，以及离线核验",
    ),
    (
        "The agencies that are accepted, with commas between; every one otherwise",
        "承认的机关，用逗号分隔；不写则为全部",
    ),
    (
        "The cities that are accepted, how old what is known of them is, and this city's own fingerprint",
        "列出互认的城市、名录的新旧，以及本市指纹",
    ),
    ("The city: its DID or its origin", "城市：标识或对外网址"),
    ("The file", "文件"),
    (
        "The fingerprint of the city's root key as you compared it over another channel, where it changed",
        "通过其他渠道核对过的该市根密钥指纹（根密钥更换时使用）",
    ),
    ("The journal of certless verify --journal", "certless verify --journal 所写的记录"),
    ("The journal of what was accepted without a network; made when it is not there", "离线核验记录文件；没有则新建"),
    ("The other city's public origin", "对方城市的对外网址"),
    (
        "The city's root key as it was compared, or a file with it: what must have signed a bundle or an archive package; trust/city.pub.jwk in the folder of the key files otherwise",
        "核对过的本市根密钥，或存有它的文件；核验包和归档包须由它签名。不写则用密钥目录中的城市公钥",
    ),
    ("The types that are accepted, with commas between", "承认的证照类型，用逗号分隔"),
    (
        "Verify without a network, by the bundle of certless trust bundle",
        "不联网核验，依据 certless trust bundle 生成的离线核验包",
    ),
    ("Where this is: the window or the point of control", "核验地点：窗口或检查点"),
    (
        "A certificate-free city in one program. Without a command it starts the demo city",
        "一个程序建成无证城市。不写命令即启动演示城市",
    ),
    ("A compact JWS", "紧凑格式的 JWS"),
    ("A document against a schema", "用模式检查文档"),
    (
        "A file that holds the text, `-` for the standard input, or the text itself",
        "存有文字的文件，- 表示标准输入，也可直接写文字",
    ),
    ("A file whose first line is the passphrase", "首行为口令的文件"),
    (
        "A holder's wallet in a file: receive licences, show codes, make presentations",
        "持有人的卡包文件：领取证照、亮证、出示",
    ),
    ("A new file for the token; the standard output otherwise", "写入令牌的新文件；不写则输出到标准输出"),
    ("A status list", "状态列表"),
    ("About 15 %", "约 15%"),
    ("About 25 %", "约 25%"),
    ("About 30 %", "约 30%"),
    ("About 7 %", "约 7%"),
    ("Address to listen on", "监听地址"),
    ("An ES256 signature", "ES256 签名"),
    ("An Ed25519 signature, by the strict rule", "Ed25519 签名，按严格规则验证"),
    (
        "An SD-JWT or SD-JWT+KB; the rules of SD-JWT VC where its type says so",
        "SD-JWT 或 SD-JWT+KB；类型如此声明时按 SD-JWT VC 规则",
    ),
    ("Check every row, issue none", "只检查各行，不签发"),
    ("Configuration file; certless.json in the data folder otherwise", "配置文件；不写则为数据目录中的 certless.json"),
    (
        "Declare a key known to others: what it signed from then on is refused",
        "声明密钥失密：自该时刻起由它签发的一律不予通过",
    ),
    ("Draw a text as a QR code", "把文字画成二维码"),
    ("Draw it into a file, .svg or .png", "画到文件，.svg 或 .png"),
    ("Draw it on the terminal", "画在终端上"),
    ("End a key that signs no more", "停用不再签发的密钥"),
    ("The city's own keys and every agency's, with their validity", "列出城市自身和各机关的密钥及有效期"),
    ("File with the access token for the server", "存有服务器访问令牌的文件"),
    ("File with the operator's token for that server", "存有该服务器运维令牌的文件"),
    ("Files, or - for the standard input", "文件，- 表示标准输入"),
    (
        "Folder for the credentials, one file each; and for the file of refused rows, otherwise beside the input",
        "证照的输出目录，每张一个文件；被拒各行的文件也写到这里，不写则放在输入文件旁",
    ),
    (
        "Folder for the measured stores, on the disk that is meant; a temporary one otherwise",
        "测量用存储的目录，应在要测的磁盘上；不写则用临时目录",
    ),
    ("Folder of the city's data", "城市的数据目录"),
    (
        "Folder of the key files; DIR/keys unless the city was made without --data",
        "密钥文件的目录；缺省为 目录/keys，建城时未写 --data 的除外",
    ),
    (
        "Folder of the key files; keys/ in the current folder when --data is not given, else DIR/keys",
        "密钥文件的目录；未写 --data 时为当前目录的 keys/，否则为 目录/keys",
    ),
    ("Forget the demo city's data and start afresh", "清除演示城市的数据，重新开始"),
    ("From when", "起始时间"),
    ("From when; now otherwise", "起始时间；不写则为现在"),
    (
        "How much damage the code survives: low for screens, medium for paper",
        "二维码的容错等级：屏幕用 low，纸上用 medium",
    ),
    ("Issue and change credentials of the agency", "签发和变更本机关的证照"),
    ("Issue the rows of a file", "按文件各行签发证照"),
    ("Language of the messages: zh or en; otherwise LANG decides", "提示语言：zh 或 en；不写则由环境变量 LANG 决定"),
    ("Let a server verify", "由服务器核验"),
    ("Lift its suspension", "解除暂扣"),
    ("Make a P-256 key, as browsers do, instead of Ed25519", "生成 P-256 密钥（浏览器所用），而不是 Ed25519"),
    ("Make a bearer token for an agency, a window or the operator", "为机关、窗口或运维人员生成访问令牌"),
    ("Make a show code (亮证码): its text on the standard output, or drawn", "生成亮证码：输出文字，或画成二维码"),
    (
        "Make a wallet with a fresh key; prints the public key that an agency binds licences to",
        "新建卡包和密钥；输出供机关绑定证照的公钥",
    ),
    ("Make the first key of an agency", "生成机关的第一把密钥"),
    ("Make the keys and the folder of a new city", "新建城市的密钥和数据目录"),
    (
        "Make the next key of an agency, or of the city itself, and sign with it; what older keys signed stays valid",
        "更换机关或城市自身的密钥：以新密钥签署，旧密钥已签的仍然有效",
    ),
    ("Make the store of an export, where there is none", "由导出文件建立存储，目录中须尚无存储"),
    ("What is left of a case: its archive package", "办结后的归档包"),
    (
        "Write its archive package (归档包): `certless verify` accepts it with the city's root key alone",
        "生成归档包：只凭本市根公钥，certless verify 即可核验",
    ),
    ("The case number", "办件编号"),
    ("The file; the case number with .archive.json otherwise", "输出文件；缺省为办件编号加 .archive.json"),
    ("Measure the raw limits of this machine and the product beside them", "测量本机的极限和本程序的速度，并列比较"),
    ("Offer the issuers for other people's test suites", "开放供第三方测试套件使用的签发接口"),
    (MEMBERS, TOOL_MEMBERS),
    ("Pixels per module of a PNG", "PNG 中每个模块的像素数"),
    ("Print help", "显示帮助"),
    ("Print help (see more with '--help')", "显示帮助"),
    ("Print the public key, the licences and the history as JSON", "以 JSON 输出公钥、证照和使用记录"),
    ("Print the verdict as JSON", "以 JSON 输出核验结论"),
    ("Print this message or the help of the given subcommand(s)", "显示本帮助，或某个命令的帮助"),
    ("Print version", "显示版本"),
    ("Read every row, every index and the whole log", "通读每一行、每个索引和整个日志"),
    ("Refuse what its holder did not sign", "没有持有人签名的不予通过"),
    ("Revoke it for good (注销)", "注销，不可恢复"),
    ("Run the city: keys and the store", "运维人员：管理密钥和存储"),
    ("SD-JWT with key binding", "带持有人绑定的 SD-JWT"),
    ("Seconds for each measurement", "每项测量的秒数"),
    ("Serve a city", "启动城市服务"),
    (
        "Start the demo city: nine agencies, their stock of licences, residents with wallets",
        "启动演示城市：九个机关、存量证照、有卡包的居民",
    ),
    ("Suspend it (暂扣); can be undone", "暂扣，可以解除"),
    ("Suspend, reinstate or revoke a credential", "暂扣、解除暂扣或注销证照"),
    ("Take applications at the agency's windows", "在本机关窗口受理办件"),
    ("The agencies' keys and what the trust registry says of them", "各机关的密钥及其在信任名录中的状态"),
    ("A further DNS name of the server; may be given several times", "服务器的其他域名，可多次填写"),
    ("A further address of the server; may be given several times", "服务器的其他 IP 地址，可多次填写"),
    (
        "File with the certificate authority of that server, PEM; the public ones otherwise",
        "该服务器的 CA 证书文件（PEM）；不写则信任公共 CA",
    ),
    (
        "File with the certificate authority of the city's server, PEM; tls/ca.crt in the folder of the key files otherwise",
        "城市服务器的 CA 证书文件（PEM）；不写则为密钥目录中的 tls/ca.crt",
    ),
    ("HTTPS: a certificate authority of the city's own", "HTTPS：本城市自己的 CA 证书"),
    (
        "Make another authority in place of the one that is there; phones have to install it again",
        "重建 CA，取代现有的；各手机须重新安装",
    ),
    (
        "Make the authority and the server's certificate; this machine's names and addresses are in it",
        "生成 CA 和服务器证书，包含本机的名称和地址",
    ),
    ("Serve HTTPS with the certificate of `certless tls init`", "用 certless tls init 生成的证书提供 HTTPS"),
    (
        "Serve HTTPS with this certificate chain, PEM; taken anew when it changes",
        "用此证书链（PEM）提供 HTTPS，文件更换后自动启用",
    ),
    ("The key of that certificate, PEM", "该证书的私钥文件（PEM）"),
    ("Agree to what the request asks for", "同意请求所要的内容"),
    (
        "Ask for the licences that their agencies had not released when their offers were taken up",
        "领取当时尚待发证机关审核的证照",
    ),
    (
        "File with the certificate authority of the servers to ask, PEM; the public ones otherwise",
        "所访问服务器的 CA 证书文件（PEM）；不写则用公共 CA",
    ),
    ("Go on asking for so long, as often as the agency allows", "在这段时间内按机关允许的间隔继续询问"),
    (
        "Answer a window's request by its link, or make a presentation that answers a verifier's challenge",
        "按链接答复窗口的请求，或按核验方的随机数生成出示",
    ),
    ("End every session of the account", "结束该账号的所有登录"),
    ("Every account", "列出所有账号"),
    (
        "Give a new password, shown once; one-time password, lock and sessions end",
        "重设密码（只显示一次）；同时取消动态口令、锁定和登录",
    ),
    ("Let nobody sign in any more; sessions end", "停用账号，同时结束登录"),
    ("Let the account sign in again", "恢复账号"),
    (
        "Links of offers (openid-credential-offer://…, or the wallet page's), and files with JSON or JSON Lines of packages; `-` for the standard input",
        "领取链接（openid-credential-offer://… 或卡包页面的链接），以及证照包的 JSON 或 JSON Lines 文件；- 表示标准输入",
    ),
    ("Make an account; its first password is shown once", "新建账号；初始密码只显示一次"),
    ("Say no to the request", "拒绝请求"),
    (
        "Take in licences: by an agency's offer (OpenID4VCI), or as packages that it issued",
        "领取证照：扫机关的领取码（OpenID4VCI），或导入其签发的证照包",
    ),
    ("The PIN of the offer", "领取码的 PIN"),
    ("The account", "账号"),
    (
        "The accounts of the staff: add, list, disable, enable, reset, end-sessions",
        "工作人员账号：新建、列出、停用、恢复、重设密码、结束登录",
    ),
    ("The agency, for clerks and approvers", "机关代码，角色为制证员或审批员时填写"),
    (
        "The link of a request (`openid4vp://…`), or the licences: identifiers, numbers, or types; one for an SD-JWT",
        "请求的链接（openid4vp://…），或证照的标识、证号、类型；SD-JWT 只能一张",
    ),
    ("The person's name", "姓名"),
    ("The trust registry that the asker must be in", "请求方必须在册的信任名录"),
    ("What is typed to sign in, ga-clerk", "登录时输入的账号名，如 ga-clerk"),
    ("What the account may do", "账号的角色"),
    (
        "Write what a verifier without a network takes along: registries, status lists, checkpoint",
        "生成离线核验包：名录、状态名单、日志检查点",
    ),
    (
        "Get it from a city that anyone may ask, by its address; no token is needed",
        "向此网址的城市索取，任何人都可以，不需要令牌",
    ),
    ("制证员: issues and changes the agency's credentials", "制证员：签发和变更本机关的证照"),
    ("审批员: the same, and decides as the second person", "审批员：同上，并作为第二人审批"),
    ("审计员: looks at the work and the audit events", "审计员：查看办件和审计记录"),
    ("督查员: looks at the work", "督查员：查看办件"),
    ("窗口人员: takes and decides applications", "窗口人员：受理和办结办件"),
    ("管理员: keys and accounts", "管理员：密钥和账号"),
    (
        "The public origin that stands in every identifier; this machine's name when others are to reach it",
        "写入所有标识的对外地址；供其他设备访问时缺省为本机名称",
    ),
    ("The agency", "机关"),
    ("The agency, as GA", "机关代码，如 GA"),
    ("The agency, for agencies and windows", "机关代码，角色为机关或窗口时填写"),
    ("The building blocks by themselves: JSON lines in, JSON lines out", "单独使用各项基础运算：逐行 JSON 输入和输出"),
    ("The canonical N-Quads of RDFC-1.0", "RDFC-1.0 的规范 N-Quads"),
    ("The canonical form of RFC 8785", "RFC 8785 的规范形式"),
    (
        "The claims to disclose, all when none is named: names, or claim paths as JSON arrays",
        "要披露的信息项，不写则全部披露：名称，或写成 JSON 数组的路径",
    ),
    ("The credential type, as idCard", "证照类型，如 idCard"),
    ("The credential: its 电子证照标识", "证照的电子证照标识"),
    ("The embedded store: export, import, check", "内嵌存储：导出、导入、检查"),
    ("The export", "导出文件"),
    ("The file; the standard output otherwise", "文件；不写则输出到标准输出"),
    ("The form", "形式"),
    (
        "The holder's public key (JWK, did:key or did:jwk) for rows that bring none",
        "没有自带公钥的各行所用的持有人公钥（JWK、did:key 或 did:jwk）",
    ),
    ("The key, key-1", "密钥名，如 key-1"),
    (
        "The key: key-1 of an agency; root, log or witness of the city",
        "密钥名：机关的如 key-1，城市的如 root、log、witness",
    ),
    ("The city's own key: root, log or witness", "城市自身的密钥：root（根）、log（日志）、witness（见证）"),
    (
        "Days for which the old key of log or witness signs beside the new one; 30 otherwise",
        "日志或见证的旧密钥与新密钥一并签署的天数；不写则为 30",
    ),
    ("The agency; the key is the city's own otherwise", "机关；不写则为城市自身的密钥"),
    ("The licence: its identifier, its number, or its type", "证照：标识、证号或类型"),
    ("The operation", "运算"),
    (
        "The passphrase itself, for scripts: better in the environment than among the arguments",
        "口令本身，供脚本使用：宜放在环境变量中，不宜写在参数里",
    ),
    ("The public origin that stands in every identifier", "写入所有标识的对外地址"),
    (
        "The rows: .csv, .xlsx, .json or .jsonl. The column rowKey, where there is one, is a row's key",
        "各行数据：.csv、.xlsx、.json 或 .jsonl。有 rowKey 列时以它为行的键",
    ),
    ("The running server that holds the store", "占用存储的运行中服务器"),
    ("The server that holds the city; https, or http on this machine", "城市所在的服务器；https，本机可用 http"),
    (
        "The trust registry to rely on; trust/registry.json in the folder of the key files otherwise",
        "所依据的信任名录；不写则为密钥目录中的 trust/registry.json",
    ),
    ("The verifier", "核验方"),
    ("The verifier that it is meant for", "指定的核验方"),
    ("The verifier's challenge", "核验方的随机数"),
    ("The view to show", "出示的视图"),
    ("The wallet file", "卡包文件"),
    (
        "Verify a credential, a presentation, a code or a picture of one. Exit 0 accepted, 1 refused, 2 could not decide",
        "核验证照、出示、二维码或其图片。退出码：0 通过，1 不通过，2 无法判定",
    ),
    ("Verify as of this time, 2026-03-01T00:00:00Z", "按此时刻核验，如 2026-03-01T00:00:00Z"),
    ("W3C presentation with a Data Integrity proof", "带 Data Integrity 证明的 W3C 出示"),
    ("What is done to it", "要做的操作"),
    ("What the bearer may do", "持令牌者的权限"),
    ("What the token is for, in your own words", "令牌的用途，自行说明"),
    ("What the verifier asked to be signed", "核验方要求签入的文字"),
    ("Where to draw it, .svg or .png; on the terminal otherwise", "画到的文件，.svg 或 .png；不写则画在终端上"),
    ("Whose it is", "卡包主人"),
    ("Why; kept in the audit record", "原因，记入审计记录"),
    ("Without the holder's signature, for paper", "不带持有人签名，供打印在纸上"),
    ("Write every row as a line of JSON", "每行数据写成一行 JSON"),
    (
        "Companion file (.tlog-proof): that the issuing stands in the city's public log; may be given several times",
        "证照的公开日志证明（.tlog-proof 文件），可多次填写",
    ),
    (
        "Key of a log that no trust registry lists, name+id+key or a file with it; the keys in the registry otherwise",
        "未列入任何信任名录的日志的公钥（名称+编号+公钥），或含该公钥的文件；不写则用名录所列公钥",
    ),
    (
        "Checkpoint of the log that is held already; a proof that contradicts it is refused",
        "先前留存的日志检查点；与之矛盾的证明不予通过",
    ),
    (
        "Key of a witness that must have cosigned the log, name+id+key or a file with it; may be given several times",
        "须已见证签名的见证人公钥（名称+编号+公钥），或含该公钥的文件，可多次填写",
    ),
    (
        "How many of the witnesses must have cosigned; all of them otherwise",
        "至少多少位见证人签名才算数；不写则须全部签名",
    ),
    (
        "The proof that a licence's issuing stands in the city's log: asked for once, kept beside the licence, printed",
        "输出证照已在公开日志登记的证明；首次向日志索取，此后存于卡包",
    ),
    ("Ask the log again, for a newer checkpoint", "重新向日志索取，以得到更新的检查点"),
    ("Write the licence's JSON credential into this file beside it", "同时把证照的 JSON 文件写到此处"),
    (
        "The witnesses of the city's log, and the logs that the city witnesses",
        "本城市日志的见证人，以及本城市见证的日志",
    ),
    ("Have a witness cosign the city's log", "请见证人为本城市的日志签名"),
    (
        "Its submission address; another certless answers under /witness",
        "见证人的提交网址；另一个 certless 的网址加 /witness",
    ),
    ("Its key, name+id+key of type 4, or a file with it", "见证人公钥（名称+编号+公钥，类型 4），或含该公钥的文件"),
    ("Ask a witness no longer", "不再询问某个见证人"),
    ("The name of its key", "其公钥的名称"),
    (
        "Witness the log of another: cosign its checkpoints as long as it only grows",
        "见证他人的日志：只要日志只增不改，就为其检查点签名",
    ),
    ("Its keys, name+id+key of type 1, or files with them", "日志公钥（名称+编号+公钥，类型 1），或含公钥的文件"),
    ("Its origin line; the name of its first key otherwise", "日志名称（origin）；不写则为首个公钥的名称"),
    ("Its origin line", "日志名称（origin）"),
    ("Witness a log no longer", "不再见证某个日志"),
    (
        "The witnesses and how they stand, the logs that are witnessed, and the city's own witness key",
        "列出见证人及其状态、所见证的日志和本城市的见证公钥",
    ),
    ("The public log: verify it from outside, watch it, export it", "公开日志：从外部核验、监看、导出"),
    (
        "Work everything out anew: signature, every entry and hash, and what the city publishes. Exit 0 sound, 1 a fault, 2 could not decide",
        "全部重新计算：签名、每个条目和哈希，并与城市公布的内容对照。退出码 0 无误，1 不符，2 无法判定",
    ),
    (
        "Remember the last checkpoint and raise the alarm on a fork or a rollback. Exit 1 on an alarm",
        "记住上次的检查点，发现分叉或倒退即报警。报警时退出码为 1",
    ),
    (
        "Write the log into a folder that any web server can carry; again to bring it up to date",
        "将日志写入任何网站服务器都能发布的目录；再次执行即补齐",
    ),
    (
        "Key of a log that no trust registry lists, name+id+key or a file with it; may be given several times",
        "未列入任何信任名录的日志的公钥（名称+编号+公钥），或含该公钥的文件；可多次给出",
    ),
    (
        "Trust registry, or offline bundle, that lists the log's keys; trust/registry.json in the folder of the key files otherwise",
        "列有日志公钥的信任名录或离线核验包；不写则用密钥目录中的 trust/registry.json",
    ),
    (
        "The city's root key as it was compared: the fingerprint, a multikey or a did:key. Its registry is fetched, or read from --trust",
        "核对过的城市根密钥：指纹、公钥或 did:key。名录将据此从网上取得，或读自 --trust",
    ),
    (
        "Key of a witness that must have cosigned, name+id+key or a file with it; may be given several times",
        "须已联署的见证人公钥（名称+编号+公钥）或存有它的文件，可多次指定",
    ),
    ("How many of those witnesses must have cosigned; all of them otherwise", "其中至少几位须已联署；不写则为全部"),
    ("The log: its address, a city's address, or a folder", "日志：其网址、城市网址或目录"),
    ("A checkpoint that is held already: the log must go on from it", "已持有的检查点：日志须由它续写而成"),
    (
        "The city whose published lists, registry and schemas are compared; the one at the log's address otherwise",
        "要对照其状态列表、信任名录和模式的城市；不写则为日志网址所在的城市",
    ),
    ("Compare the log alone", "只核验日志本身"),
    (
        "With the operator's keys: every record of a store, its folder or an export, beside its leaf",
        "用运营者的密钥：将存储（目录或导出文件）的每条记录与日志条目对照",
    ),
    ("Print the result as JSON", "以 JSON 输出结果"),
    ("File that remembers the last checkpoint", "记住上次检查点的文件"),
    ("Seconds between looks", "两次查看相隔的秒数"),
    ("Look once and end", "只查看一次"),
    ("Print every look as a line of JSON", "每次查看输出一行 JSON"),
    ("The folder", "目录"),
    (
        "The log to copy: its address, a city's address, or another folder; the city on this machine otherwise",
        "要复制的日志：其网址、城市网址或另一目录；不写则为本机的城市",
    ),
    (
        "Measure the public log alone, with so many leaves: what it costs issuing, its size, proofs, verification",
        "只测公开日志，用这么多条目：对签发的影响、大小、证明、核验",
    ),
];

/// [`MEMBERS`] in Chinese.
const TOOL_MEMBERS: &str = "\
每行输入一个 JSON 对象，输出一行应答：{\"ok\":true,…} 或
{\"ok\":false,\"state\":\"invalid\"|\"error\",\"code\":…,\"detail\":…}；error 表示无法判定。

KEY 是成员 jwk（JWK 公钥）、multikey（z…）或 key（十六进制：32 字节的 Ed25519，
或 P-256 的 SEC1 点）。MESSAGE 是 message（十六进制）或 text（UTF-8 文字）。
TIME 是 now（如 2026-03-01T00:00:00Z）；不写则用本机时钟。

  jcs              document（任意 JSON）或 text（严格读取的 JSON 文字）
                   → canonical、sha256（十六进制）
  rdfc             document（JSON-LD）、contexts?（对象：网址 → 上下文；规范中的
                   上下文已内置，不作任何获取）
                   → canonical（RDFC-1.0 的 N-Quads）、sha256
  ed25519-verify   KEY、MESSAGE、signature（十六进制或 base64url）
  p256-verify      KEY、MESSAGE、signature（r 与 s，64 字节）
  jws-verify       KEY、jws、typ? → header、claims（载荷不是 JSON 对象时为
                   base64url）
  sd-jwt-verify    签发者的 KEY、presentation（文字，或 JWS JSON 格式的对象）、
                   nonce?、aud?、binding?（true 表示必须绑定，给出 nonce 或 aud 时
                   亦然）、TIME
                   → header、claims、disclosed（信息项路径）、withheld（未披露的
                   摘要）、binding（nonce、aud、iat）或 null
  status-decode    statusList（含 bits 和 lst 的对象）、encodedList（位串状态列表；
                   statusSize? 为 1）或 token（JWT，须有 KEY）；index?
                   → entries、status（该位置的值）、set（[位置, 值]，前 1000 个）
  schema-validate  document，以及 type（如 idCard，可带 part?：credential、subject
                   或 disclosed）或 schema（可带 documents?：对象，$id → 模式）；
                   本城市的格式已内置
                   → 不符合时给出 problems（path、keyword、member）
";
