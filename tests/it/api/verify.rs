//! `POST /verify`: the file of a form is as good as the body itself.

use certless::wire::qr::{Code, Correction};

use crate::support::city::{Got, TestCity};
use crate::support::roles::{Agency, Resident, row_of};

/// The parts of a form: media type and content each.
fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (media, content) in parts {
        body.extend_from_slice(b"--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n");
        if !media.is_empty() {
            body.extend_from_slice(format!("Content-Type: {media}\r\n").as_bytes());
        }
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--frontier--\r\n");
    body
}

fn upload(city: &TestCity, parts: &[(&str, &[u8])]) -> Got {
    city.send(None, "/verify", "multipart/form-data; boundary=frontier", &form(parts))
}

#[track_caller]
fn refused(got: &Got, status: u16, detail: &str) {
    assert_eq!((got.status, got.media.as_str()), (status, "application/problem+json"), "{}", got.text);
    assert!(got.json()["detail"].as_str().unwrap().contains(detail), "{}", got.text);
}

#[test]
fn one_file_of_a_form_is_verified_whatever_it_holds() {
    let city = TestCity::start();
    let mut resident = Resident::nth(0);
    let row = row_of("idCard", &resident.code);
    let answer = Agency::new(&city, "GA").issue(row);
    let (id, package) = (resident.receive(&answer), answer["package"]["credential"].to_string());
    for media in ["application/json", "application/octet-stream", ""] {
        let got = upload(&city, &[(media, package.as_bytes())]);
        assert_eq!((got.status, &got.json()["accepted"]), (200, &true.into()), "{media}: {}", got.text);
    }
    let codes: Vec<_> = (0..3).map(|_| resident.code(&id, "basic")).collect();
    let text = &codes[0];
    let got = upload(&city, &[("text/plain", text.as_bytes())]);
    assert_eq!((got.status, &got.json()["accepted"]), (200, &true.into()), "{}", got.text);
    for (media, code) in ["image/png", "application/octet-stream"].into_iter().zip(&codes[1..]) {
        let picture = Code::new(code, Correction::Low).unwrap().to_png(6).unwrap();
        let got = upload(&city, &[(media, &picture)]);
        assert_eq!((got.status, &got.json()["accepted"]), (200, &true.into()), "{media}: {}", got.text);
        let again = upload(&city, &[(media, &picture)]);
        assert_eq!((again.status, &again.json()["accepted"]), (200, &false.into()), "shown twice");
    }
}

#[test]
fn a_form_without_one_file_is_refused() {
    let city = TestCity::start();
    refused(&upload(&city, &[]), 400, "no part");
    refused(&upload(&city, &[("text/plain", b"x"), ("text/plain", b"x")]), 400, "more than one part");
    refused(&city.send(None, "/verify", "multipart/form-data", b"x"), 400, "boundary");
    refused(&city.send(None, "/verify", "multipart/form-data; boundary=frontier", b"nothing"), 400, "");
    let cut = form(&[("text/plain", b"{}")]);
    refused(&city.send(None, "/verify", "multipart/form-data; boundary=frontier", &cut[..cut.len() - 20]), 400, "");
    let large = vec![b' '; (16 << 20) + 1];
    assert_eq!(upload(&city, &[("image/png", &large)]).status, 413);
    refused(&upload(&city, &[("image/png", b"no picture")]), 400, "no readable code");
    refused(&upload(&city, &[("text/plain", b"")]), 400, "");
}
