//! Who may try on from a browser? `POST /api/v1/customers/{id}/sessions`, `DELETE` of one, and the
//! keys that verify them.

use http::header::CACHE_CONTROL;
use http::{HeaderValue, Method, Response, StatusCode};
use serde::Serialize;
use weir::{Desk, Scope, Timestamp};

use crate::answer::{self, Refusal};
use crate::body::{self, Blank, decoded};
use crate::documents::{CustomerStatus, Plan, REVOKED};
use crate::error::GenvorisError;
use crate::events::Events;
use crate::glue::{Called, Genvoris, Stop};
use crate::jwt::{self, AUDIENCE, Claims, ISSUER};
use crate::keyring::LIFE_MAX;
use crate::rates::Rated;
use crate::shopper::Shopper;

/// A session as the contract shows it.
#[derive(Serialize)]
struct SessionBody<'a> {
    token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    expires_at: i64,
    customer: Bearer<'a>,
}

/// Whose session it is.
#[derive(Serialize)]
struct Bearer<'a> {
    id: &'a str,
    external_id: &'a str,
    plan_id: Option<&'a str>,
    plan_name: Option<&'a str>,
    monthly_try_ons: Option<u32>,
    period_start: Timestamp,
    period_end: Timestamp,
}

#[derive(Serialize)]
struct Wrapped<T> {
    data: T,
}

#[derive(Serialize)]
struct Gone<'a> {
    jti: &'a str,
    revoked: bool,
}

#[derive(Serialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Serialize)]
struct Jwk {
    kty: &'static str,
    r#use: &'static str,
    alg: &'static str,
    kid: String,
    n: String,
    e: String,
}

impl<E> Genvoris<E> {
    /// Whether a session of a store's customer was revoked, and would still live otherwise: what who
    /// verifies tokens elsewhere has to ask.
    ///
    /// # Errors
    ///
    /// The gate's.
    pub fn is_revoked(&self, store: Scope, jti: &str) -> Result<bool, GenvorisError> {
        let name = self.gate.name(store)?;
        Ok(self.gate.note(&name, REVOKED, jti.as_bytes())?.is_some())
    }
}

impl<E: Events> Genvoris<E> {
    pub(crate) fn mint(
        &self,
        id: &str,
        called: &Called<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Response<()>, Stop> {
        let store = self.caller(called)?;
        if *called.method() != Method::POST {
            return Err(Refusal::MethodNotAllowed("POST").into());
        }
        let lives_s = self.lives_s(called.body())?;
        let (now, mut told) = (called.arrival.now, Vec::new());
        let id = decoded(id, Blank::Percent);
        let (shopper, plan) = self.gate.transact(&store.name, now, |desk| {
            let shopper = Shopper::named(desk, (store.scope, &id), &mut told)?;
            if shopper.customer.status != CustomerStatus::Active {
                return Err(Stop::from(Refusal::CustomerInactive));
            }
            self.within_rate(desk, &store, Rated::Session)?;
            let plan = shopper.plan(desk)?;
            Ok((shopper, plan))
        })?;
        self.tell(&store.name, called.arrival, told);
        let iat = now.as_millis().div_euclid(1_000);
        let expires_at = iat.saturating_add(lives_s);
        let jti = format!("{}-{iat}-{}", shopper.id, called.arrival.digits());
        let claims = Claims {
            sub: &shopper.id,
            sid: &store.name,
            pid: shopper.customer.plan.as_deref(),
            iss: ISSUER,
            aud: AUDIENCE,
            iat,
            exp: expires_at,
            jti: &jti,
        };
        let signer = self.keys.signer().ok_or(GenvorisError::NoSigner)?;
        let token = jwt::mint(signer, &claims).ok_or(GenvorisError::NoSigner)?;
        let customer = bearer(&shopper, plan.as_ref());
        let token_type = "Bearer";
        let session =
            SessionBody { token: &token, token_type, expires_in: lives_s, expires_at, customer };
        Ok(answer::write(StatusCode::OK, &session, out))
    }

    /// How many seconds a session is to live; what is asked for beyond the bounds is brought there.
    fn lives_s(&self, body: &[u8]) -> Result<i64, Stop> {
        if body.trim_ascii().is_empty() {
            return Ok(LIVES_S);
        }
        let catalog = self.gate.catalog()?;
        let asked = body::read(&catalog, ("session", body), |fields| {
            fields.number("expires_in").or_else(|| fields.number("expiresIn"))
        })?;
        Ok(asked.unwrap_or(LIVES_S).clamp(LIVES_S_MIN, LIVES_S_MAX))
    }

    pub(crate) fn revoke(
        &self,
        (id, jti): (&str, &str),
        called: &Called<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Response<()>, Stop> {
        let store = self.caller(called)?;
        if *called.method() != Method::DELETE {
            return Err(Refusal::MethodNotAllowed("DELETE").into());
        }
        let (now, mut told) = (called.arrival.now, Vec::new());
        let (id, jti) = (decoded(id, Blank::Percent), decoded(jti, Blank::Percent));
        self.gate.transact(&store.name, now, |desk| {
            let shopper = Shopper::named(desk, (store.scope, &id), &mut told)?;
            let own = jti.strip_prefix(&*shopper.id).is_some_and(|rest| rest.starts_with('-'));
            if !own || jti.len() > JTI_LEN_MAX {
                return Err(Stop::from(Refusal::NotFound("the customer has no such session")));
            }
            forget_old(desk);
            let until = desk.now().checked_add(LIFE_MAX).unwrap_or(Timestamp::MAX);
            desk.put_note((REVOKED, jti.as_bytes()), Some(until.to_string().as_bytes()));
            Ok(())
        })?;
        self.tell(&store.name, called.arrival, told);
        let gone = Wrapped { data: Gone { jti: &jti, revoked: true } };
        Ok(answer::write(StatusCode::OK, &gone, out))
    }

    pub(crate) fn jwks(&self, now: Timestamp, out: &mut Vec<u8>) -> Response<()> {
        let jwk = |key: &crate::keyring::PublicKey| {
            let [n, e] = key.numbers();
            Jwk { kty: "RSA", r#use: "sig", alg: "RS256", kid: key.kid().to_owned(), n, e }
        };
        let keys = KeySet { keys: self.keys.good(now).map(jwk).collect() };
        let mut response = answer::write(StatusCode::OK, &keys, out);
        let cached = HeaderValue::from_static("public, max-age=3600");
        response.headers_mut().insert(CACHE_CONTROL, cached);
        response
    }
}

fn bearer<'a>(shopper: &'a Shopper, plan: Option<&'a Plan>) -> Bearer<'a> {
    let Shopper { id, customer, .. } = shopper;
    Bearer {
        id,
        external_id: &customer.external_id,
        plan_id: customer.plan.as_deref(),
        plan_name: plan.map(|plan| &*plan.name),
        monthly_try_ons: plan.map(|plan| plan.monthly_try_ons),
        period_start: customer.course.period.start,
        period_end: customer.course.period.end,
    }
}

/// Whether a session was revoked.
pub(crate) fn is_revoked(desk: &Desk<'_>, jti: &str) -> bool {
    desk.note(REVOKED, jti.as_bytes()).is_some()
}

/// Plans to forget revocations of sessions that have ended by themselves.
fn forget_old(desk: &mut Desk<'_>) {
    let over = |until: &[u8]| {
        let until = std::str::from_utf8(until).ok().and_then(|text| text.parse().ok());
        until.is_none_or(|until: Timestamp| until <= desk.now())
    };
    let old: Vec<_> = desk
        .notes(REVOKED, b"")
        .filter(|(_, until)| over(until))
        .map(|(jti, _)| jti.to_vec())
        .collect();
    old.iter().for_each(|jti| desk.put_note((REVOKED, jti), None));
}

/// The longest session id that is kept; those that are made are shorter.
const JTI_LEN_MAX: usize = 512;
const LIVES_S: i64 = 900;
const LIVES_S_MAX: i64 = 3_600;
const LIVES_S_MIN: i64 = 60;
