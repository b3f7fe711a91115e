//! Which credential counts when a request carries none, several, or one that is oddly written?
//!
//! A contract of the three orders header and body: pulsora's header counts, genvoris wants both the
//! same, unprice takes the header alone. None orders two headers, so two are refused, the same or
//! not.

use http::Request;
use serde_json::{Value, json};
use weir_genvoris::{Secret, Transport};

use crate::hosts::{Enrolled, Host, Own};

type Row<'a> = (&'a [&'a str], Option<Value>, u16, &'a str);

/// Sends every row: values of `header`, and what the body has for `member` where that is said.
fn each(host: &Host, (header, path): (&str, &str), (body, member): (&Value, &str), rows: &[Row]) {
    for (values, offered, status, word) in rows {
        let mut body = body.clone();
        if let Some(offered) = offered {
            body.as_object_mut().unwrap().insert(member.to_owned(), offered.clone());
        }
        let body = body.to_string();
        let mut request = Request::post(path).header("content-type", "application/json");
        for value in *values {
            request = request.header(header, *value);
        }
        let response = host.send(&request.body(body.as_bytes()).unwrap());
        let told: Value = serde_json::from_slice(response.body()).unwrap();
        // One is at the top, the other in an envelope.
        let found = told.pointer("/error/message").or_else(|| told.get("error"));
        let found = found.map_or("", |found| found.as_str().unwrap());
        assert_eq!((response.status().as_u16(), found), (*status, *word), "{values:?} {offered:?}");
    }
}

#[test]
fn pulsora_takes_its_header_and_else_the_body() {
    let (one, two) = ("pub_one", "pub_two");
    let host = Host::pulsora(&[Enrolled::good(one), Enrolled::good(two)], &Own::none());
    let data = json!({"visitor_fingerprint": "f", "session_id": "s"});
    let body = json!({"type": "pageview", "data": data});
    let (missing, invalid) = ("Missing API token", "Invalid API token");
    let rows: &[Row<'_>] = &[
        (&[one], None, 202, ""),
        (&[], Some(json!(one)), 202, ""),
        (&[one], Some(json!(two)), 202, ""),
        (&[one], Some(json!("pub_no")), 202, ""),
        (&[one], Some(json!(5)), 202, ""),
        (&["pub_no"], Some(json!(one)), 401, invalid),
        (&[one, one], None, 401, invalid),
        (&[one, two], None, 401, invalid),
        (&[one, "pub_no"], None, 401, invalid),
        (&["", one], None, 401, invalid),
        (&[one, one], Some(json!(one)), 401, invalid),
        (&["pub_one, pub_one"], None, 401, invalid),
        (&["pub_one,pub_two"], None, 401, invalid),
        (&[], None, 401, missing),
        (&[""], None, 401, missing),
        (&[" \t"], None, 401, missing),
        (&[""], Some(json!(one)), 202, ""),
        (&[" pub_one\t"], None, 202, ""),
        (&["pub_ one"], None, 401, invalid),
        (&["PUB_one"], None, 401, invalid),
        (&["Bearer pub_one"], None, 401, invalid),
        (&["pub_one\u{e9}"], None, 401, invalid),
        (&[], Some(json!(null)), 401, missing),
        (&[], Some(json!(" ")), 401, missing),
        (&[], Some(json!(" pub_one")), 401, invalid),
        (&[], Some(json!(5)), 401, invalid),
        (&[], Some(json!([one])), 401, invalid),
        (&[], Some(json!("pub_one\u{0}")), 401, invalid),
    ];
    each(&host, ("x-api-token", "/api/ingest"), (&body, "token"), rows);
    // Another contract's header is none here.
    let rows: &[Row<'_>] =
        &[(&["Bearer pub_one"], None, 401, missing), (&["x", "y"], Some(json!(one)), 202, "")];
    each(&host, ("authorization", "/api/ingest"), (&body, "token"), rows);
}

const ONE: &str = "gvk_live_11111111111111111111111111111111";
const TWO: &str = "gvk_live_22222222222222222222222222222222";
const BEARER: &str = "Bearer gvk_live_11111111111111111111111111111111";
const OTHER: &str = "Bearer gvk_live_22222222222222222222222222222222";
const TRACK: &str = "/api/tryon/track";

fn shop(transport: Transport) -> Host {
    Host::genvoris(&[ONE, TWO].map(Enrolled::good), Own { transport, ..Own::none() })
}

#[test]
fn genvoris_wants_header_and_body_to_agree() {
    let host = shop(Transport::Bearer);
    let body = json!({"success": false});
    let (none, wrong) = ("unauthorized", "invalid_key");
    let rows: &[Row<'_>] = &[
        (&[BEARER], None, 200, ""),
        (&[BEARER], Some(json!(ONE)), 200, ""),
        (&[BEARER], Some(json!(null)), 200, ""),
        (&[BEARER], Some(json!(TWO)), 401, wrong),
        (&[OTHER], Some(json!(ONE)), 401, wrong),
        (&[BEARER], Some(json!("")), 401, wrong),
        (&[BEARER], Some(json!(format!(" {ONE}"))), 401, wrong),
        (&[BEARER], Some(json!(5)), 400, "invalid_body"),
        (&[BEARER, BEARER], None, 401, none),
        (&[BEARER, OTHER], None, 401, none),
        (&[BEARER, BEARER], Some(json!(ONE)), 401, none),
        (&[BEARER, "Basic x"], None, 401, none),
        (&["", BEARER], None, 401, none),
        (&[], None, 401, none),
        (&[], Some(json!(ONE)), 401, none),
        (&[""], None, 401, none),
        (&["Bearer"], None, 401, none),
        (&["Bearer "], None, 401, none),
        (&[ONE], None, 401, none),
        (&["Basic gvk_live_11111111111111111111111111111111"], None, 401, none),
        (&["bearer gvk_live_11111111111111111111111111111111"], None, 200, ""),
        (&["BEARER gvk_live_11111111111111111111111111111111"], None, 200, ""),
        (&["  Bearer   gvk_live_11111111111111111111111111111111  "], None, 200, ""),
        (&["Bearergvk_live_11111111111111111111111111111111"], None, 401, none),
        (&["Bearer gvk_live_1111111111111111 1111111111111111"], None, 401, none),
        (&[&format!("{BEARER}, {BEARER}")], None, 401, none),
        (&[&format!("{BEARER},{ONE}")], None, 401, wrong),
        (&["Bearer GVK_LIVE_11111111111111111111111111111111"], None, 401, wrong),
        (&["Bearer gvk_live_1111111111111111111111111111111\u{e9}"], None, 401, none),
    ];
    each(&host, ("authorization", TRACK), (&body, "api_key"), rows);
}

/// Each row: the values of `authorization`, of the secret's header, and whether they are let in.
#[test]
fn genvoris_with_either_transport_settles_for_none_when_one_is_doubtful() {
    let host = shop(Transport::Either(Secret::new("sesame")));
    let body = json!({"success": false, "api_key": ONE}).to_string();
    let rows: &[(&[&str], &[&str], u16)] = &[
        (&[BEARER], &[], 200),
        (&[], &["sesame"], 200),
        (&[BEARER], &["sesame"], 200),
        (&[BEARER], &["barley"], 200),
        (&["Basic x"], &["sesame"], 200),
        (&["Basic x"], &["barley"], 401),
        (&[OTHER], &["sesame"], 401),
        (&[BEARER, BEARER], &[], 401),
        (&[BEARER, BEARER], &["sesame"], 401),
        (&[BEARER, OTHER], &["sesame"], 401),
        (&[], &["sesame", "sesame"], 401),
        (&[BEARER], &["sesame", "sesame"], 401),
        (&[], &["sesame, sesame"], 401),
        (&[], &["Sesame"], 401),
        (&[], &[""], 401),
    ];
    for (bearers, secrets, status) in rows {
        let mut request = Request::post(TRACK);
        for bearer in *bearers {
            request = request.header("authorization", *bearer);
        }
        for secret in *secrets {
            request = request.header("x-internal-secret", *secret);
        }
        let response = host.send(&request.body(body.as_bytes()).unwrap());
        assert_eq!(response.status(), *status, "{bearers:?} {secrets:?}");
    }
}

#[test]
fn unprice_takes_one_header_and_nothing_of_the_body() {
    const KEY: &str = "unprice_live_1111111111111111111111";
    let host = Host::unprice(&[Enrolled::good(KEY)], &Own::none());
    let body = json!({"customerId": "cus", "featureSlug": "tokens"});
    let (none, unknown) = ("key required", "key not found");
    let bearer: &str = "Bearer unprice_live_1111111111111111111111";
    let rows: &[Row<'_>] = &[
        (&[bearer], None, 200, ""),
        (&[bearer], Some(json!("unprice_live_no")), 200, ""),
        (&[bearer, bearer], None, 401, none),
        (&[bearer, "Bearer other"], None, 401, none),
        (&[bearer, "Basic x"], None, 401, none),
        (&["", bearer], None, 401, none),
        (&[], None, 401, none),
        (&[], Some(json!(KEY)), 401, none),
        (&[""], None, 401, none),
        (&["Bearer"], None, 401, none),
        (&["Bearer \t"], None, 401, none),
        (&[KEY], None, 401, none),
        (&["Basic unprice_live_1111111111111111111111"], None, 401, none),
        (&["bearer unprice_live_1111111111111111111111"], None, 200, ""),
        (&["bEARER unprice_live_1111111111111111111111"], None, 200, ""),
        (&[" \tBearer \t unprice_live_1111111111111111111111 \t"], None, 200, ""),
        (&["Bearerunprice_live_1111111111111111111111"], None, 401, none),
        (&["Bearer unprice_live_11111111111 11111111111"], None, 401, unknown),
        (&[&format!("{bearer}, {bearer}")], None, 401, unknown),
        (&["Bearer UNPRICE_LIVE_1111111111111111111111"], None, 401, unknown),
        (&["Bearer unprice_live_1111111111111111111111\u{e9}"], None, 401, none),
    ];
    each(&host, ("authorization", "/v1/entitlements/verify"), (&body, "apiKey"), rows);
    // Another contract's header is none here.
    let rows: &[Row<'_>] = &[(&[KEY], None, 401, none)];
    each(&host, ("x-api-token", "/v1/entitlements/verify"), (&body, "token"), rows);
}
