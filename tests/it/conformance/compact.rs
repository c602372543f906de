//! Compact credentials: every demo type's `basic` view stays within 600 bytes as a shown code, with names and addresses
//! as long as they really get, and every such code fits QR version 20-L and reads back from its picture.

use std::fs;
use std::path::Path;

use certless::base::json::{Map, Value, json};
use certless::base::time::from_unix;
use certless::crypto::{Signer, SigningKey};
use certless::vc::compact::{Code, MAX_BYTES, NewCredential, Showing, TARGET_BYTES, show, to_text};
use certless::vc::finding::Code as FindingCode;
use certless::vc::status::token::StatusReference;
use certless::wire::qr::{self, Correction};

const ADDRESS: &str = "湖南省长沙市望城区月亮岛街道银星社区潇湘北路一段1234号金桥国际未来城3期12栋2单元2703号";
const LONG_NAME: &str = "阿不都热依木·买买提依明";
const ID: &str = "430112199003074016";
const BUREAU: &str = "湖南省长沙市公安局望城分局（演示）";

/// The ten types of the demo with long but real values for all fields that their views may show.
fn samples() -> Vec<(&'static str, Value)> {
    let mut samples = vec![
        (
            "idCard",
            json!({
                "name": LONG_NAME, "sex": "1", "ethnicity": "05", "birthDate": "1990-03-07", "address": ADDRESS, "idNumber": ID,
                "issuingAuthority": BUREAU, "validFrom": "2020-03-07", "validUntil": "2040-03-07",
            }),
        ),
        (
            "householdRegister",
            json!({
                "householdType": "家庭户", "householdNo": "430112001001234567", "headName": LONG_NAME, "address": ADDRESS,
                "memberName": LONG_NAME, "relationToHead": "31", "sex": "1", "ethnicity": "05", "birthDate": "1990-03-07",
                "idNumber": ID, "marital": "20", "registerDate": "2020-03-07",
            }),
        ),
        (
            "marriage",
            json!({
                "certNo": "J430112-2020-001234", "registerDate": "2020-03-07", "holderName": LONG_NAME,
                "partyAName": LONG_NAME, "partyANationality": "中国", "partyABirth": "1990-03-07", "partyAId": ID,
                "partyBName": "努尔比亚木·阿卜杜热合曼", "partyBNationality": "中国", "partyBBirth": "1991-04-08",
                "partyBId": "430112199104084025", "authority": "长沙市望城区民政局（演示）",
            }),
        ),
        (
            "birth",
            json!({
                "certNo": "T430112345", "babyName": LONG_NAME, "sex": "1", "birthTime": "2026-01-31T23:59",
                "birthPlace": "湖南省长沙市望城区", "institution": "长沙市望城区妇幼保健院（演示）",
                "motherName": "努尔比亚木·阿卜杜热合曼", "motherIdType": "111", "motherId": "430112199104084025",
                "issuingOrg": "长沙市望城区妇幼保健院（演示）", "issueDate": "2026-02-03",
            }),
        ),
        (
            "realEstate",
            json!({
                "certNo": "湘(2026)望城区不动产权第0012345号", "unitNo": "430112001001GB00012F00010001",
                "rightHolder": format!("{LONG_NAME}、欧阳娜娜"), "coOwnership": "共同共有", "location": ADDRESS,
                "rightType": "国有建设用地使用权/房屋（构筑物）所有权", "rightNature": "出让", "usage": "城镇住宅用地/成套住宅",
                "area": "宗地面积12345.67平方米/房屋建筑面积128.76平方米", "registerDate": "2026-02-03",
            }),
        ),
    ];
    samples.extend(more_samples());
    samples
}

fn more_samples() -> Vec<(&'static str, Value)> {
    vec![
        (
            "businessLicense",
            json!({
                "uscc": "91430112MA4L0DEM0X", "name": "湖南省长沙市望城区月亮岛智慧农业科技发展股份有限公司（演示）",
                "enterpriseType": "股份有限公司（非上市、自然人投资或控股）", "legalRep": LONG_NAME, "established": "2016-03-07",
                "address": ADDRESS, "scope": "农业技术研发", "authority": "长沙市望城区市场监督管理局（演示）",
                "approvalDate": "2026-02-03", "registrationStatus": "存续",
            }),
        ),
        (
            "socialSecurityCard",
            json!({
                "name": LONG_NAME, "ssn": ID, "cardNo": "6217001234567890123", "issueDate": "2020-03-07",
                "validUntil": "2030-03-07", "issuingCity": "430100", "cardStatus": "正常",
            }),
        ),
        (
            "disability",
            json!({
                "certNo": "43011219900307401642", "name": LONG_NAME, "sex": "1", "idNumber": ID, "category": "4", "grade": "2",
                "address": ADDRESS, "issueDate": "2020-03-07", "validUntil": "2030-03-07", "approvingOrg": "长沙市望城区残疾人联合会（演示）",
            }),
        ),
        (
            "driverLicence",
            json!({
                "licenceNo": ID, "name": LONG_NAME, "sex": "1", "nationality": "中国", "address": ADDRESS,
                "birthDate": "1990-03-07", "firstIssue": "2010-03-07", "classes": "A1A2D", "validFrom": "2020-03-07",
                "validUntil": "2030-03-07", "state": "正常",
            }),
        ),
        (
            "noCrime",
            json!({
                "docNo": "望公（治）证字〔2026〕第001234号", "name": LONG_NAME, "idNumber": ID, "queryFrom": "1990-03-07",
                "queryUntil": "2026-02-03", "conclusion": "未发现有犯罪记录", "purpose": "应聘幼儿园教师岗位任职资格审查",
                "authority": BUREAU, "issueDate": "2026-02-03",
            }),
        ),
    ]
}

/// What a schema file says of its type.
fn annotation(code: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/credentials/{code}.1.json"));
    let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    document["x-certless"].clone()
}

fn fields(annotation: &Value) -> Vec<&str> {
    annotation["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect()
}

/// The claims of a view: its fields as they are, its predicates as true.
fn claims(view: &Value, subject: &Value) -> Map {
    let shown = view["claims"].as_array().into_iter().flatten().filter_map(|name| {
        let name = name.as_str().unwrap();
        Some((name.to_owned(), subject.get(name)?.clone()))
    });
    let said = view["predicates"].as_array().into_iter().flatten();
    let said = said.map(|predicate| (predicate["predicate"].as_str().unwrap().to_owned(), json!(true)));
    shown.chain(said).collect()
}

struct Sizes {
    bare: usize,
    shown: Vec<u8>,
    claims: Map,
}

/// Issues and shows a view under a real host name, for a holder with a P-256 key, as a browser's is.
fn shown(annotation: &Value, view: &Value, subject: &Value) -> Result<Sizes, FindingCode> {
    let (agency, holder) = (SigningKey::ed25519(&[1; 32]), SigningKey::p256(&[2; 32]).unwrap());
    let status = StatusReference { uri: "https://wuzheng.wangcheng.gov.cn/status/GA-12".to_owned(), index: 131_071 };
    let id = format!(
        "1.2.156.3005.2.{}.11430112MB0DEM0176.A1B2C3D4E5F6G7H8J9K0.001.X",
        annotation["certificateTypeCode"].as_str().unwrap()
    );
    let claims = claims(view, subject);
    let credential = NewCredential {
        issuer: "did:web:wuzheng.wangcheng.gov.cn:agencies:GA",
        key_id: "key-1",
        id: &id,
        type_code: annotation["code"].as_str().unwrap(),
        version: 1,
        view: view["name"].as_str().unwrap(),
        valid_from: from_unix(1_772_000_000).unwrap(),
        valid_until: from_unix(2_402_000_000),
        holder: Some(holder.public_key()),
        status: Some(&status),
        claims: &claims,
        fields: &fields(annotation),
    };
    let bare = credential.issue(&agency).map_err(|finding| finding.code)?;
    let showing = Showing { time: from_unix(1_772_100_000).unwrap(), audience: None, nonce: None };
    let shown = show(&bare, &showing, &holder).map_err(|finding| finding.code)?;
    let code = Code::from_text(&to_text(&shown)).unwrap();
    assert_eq!(code.credential.verify_issuer(agency.public_key()), Ok(()));
    assert_eq!(code.verify_holder(), Ok(()));
    assert_eq!(code.credential.id, id);
    Ok(Sizes { bare: bare.len(), shown, claims })
}

#[test]
fn the_basic_view_of_every_demo_type_is_shown_in_600_bytes() {
    for (kind, subject) in samples() {
        let annotation = annotation(kind);
        let views = annotation["views"].as_array().unwrap();
        let basic =
            views.iter().find(|view| view["name"] == "basic").unwrap_or_else(|| panic!("{kind} has no basic view"));
        let sizes = shown(&annotation, basic, &subject).unwrap_or_else(|code| panic!("{kind}: {}", code.as_str()));
        println!("{kind} basic: {} bytes printed, {} shown", sizes.bare, sizes.shown.len());
        assert!(sizes.shown.len() <= TARGET_BYTES, "{kind}: {} bytes", sizes.shown.len());
        let wanted = basic["claims"].as_array().unwrap().len();
        assert_eq!(sizes.claims.len(), wanted, "{kind}: the sample lacks a field of the view");
        let read = Code::from_bytes(&sizes.shown).unwrap().credential;
        assert_eq!(read.claims(&fields(&annotation)).unwrap(), sizes.claims, "{kind}");
    }
}

#[test]
fn every_view_of_every_demo_type_fits_the_limit_or_is_refused_by_name() {
    for (kind, subject) in samples() {
        let annotation = annotation(kind);
        for view in annotation["views"].as_array().unwrap() {
            let name = view["name"].as_str().unwrap();
            match shown(&annotation, view, &subject) {
                Ok(sizes) => {
                    println!("{kind} {name}: {} bytes shown", sizes.shown.len());
                    assert!(sizes.shown.len() <= MAX_BYTES, "{kind} {name}");
                }
                Err(code) => {
                    println!("{kind} {name}: too large");
                    assert_eq!(
                        (code, name),
                        (FindingCode::TooLarge, "full"),
                        "{kind}: only a full view may be too large"
                    );
                }
            }
        }
    }
}

#[test]
fn shown_codes_fit_version_20_low_and_read_from_their_picture() {
    for (kind, subject) in samples() {
        let annotation = annotation(kind);
        let basic = annotation["views"].as_array().unwrap().iter().find(|view| view["name"] == "basic").unwrap();
        let text = to_text(&shown(&annotation, basic, &subject).unwrap().shown);
        let code = qr::Code::new(&text, Correction::Low).unwrap();
        assert!(code.version() <= 20, "{kind}: version {}", code.version());
        assert_eq!(qr::read(&code.to_png(3).unwrap()).unwrap(), [text], "{kind}");
    }
}

#[test]
fn deflate_would_save_less_than_one_version_step() {
    use std::io::Write as _;
    let (mut plain, mut deflated) = (0, 0);
    for (kind, subject) in samples() {
        let annotation = annotation(kind);
        let basic = annotation["views"].as_array().unwrap().iter().find(|view| view["name"] == "basic").unwrap();
        let bytes = shown(&annotation, basic, &subject).unwrap().shown;
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&bytes).unwrap();
        plain += bytes.len();
        deflated += encoder.finish().unwrap().len();
    }
    println!("{plain} bytes in ten codes, {deflated} deflated");
    // A version step near 15-L is about 45 bytes a code.
    assert!(plain.saturating_sub(deflated) < 450, "{plain} {deflated}");
}
