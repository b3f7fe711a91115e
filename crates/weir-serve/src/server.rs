//! What do the sockets do? Connections, their bounds, and how they end.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use weir::{Clock, SystemClock};

use crate::app::{App, Arrival};
use crate::limits::Limits;

/// Serves until `stop` is done, then ends what has begun, for at most [`Limits::drain`].
///
/// # Errors
///
/// When the listener's bounds cannot be kept: more connections than a semaphore counts.
pub async fn serve<A: App>(
    listener: TcpListener,
    app: Arc<A>,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> io::Result<Drained> {
    if limits.connections > Semaphore::MAX_PERMITS {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "too many connections"));
    }
    let slots = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(HEAD_BYTES);
    let mut tasks = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        while tasks.try_join_next().is_some() {}
        let Ok((stream, peer)) = accepted else {
            sleep(ACCEPT_AGAIN).await; // no descriptors, or gone before it was taken
            continue;
        };
        let app = Arc::clone(&app);
        let answer = service_fn(move |request| {
            let app = Arc::clone(&app);
            async move { Ok::<_, Infallible>(answer(&*app, request, peer.ip(), limits).await) }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), answer));
        tasks.spawn(async move {
            // What a peer does to its own connection is no fault of ours.
            let _ended = connection.await;
            drop(slot);
        });
    }
    drop(listener);
    let drained = timeout(limits.drain, graceful.shutdown()).await;
    tasks.shutdown().await;
    Ok(if drained.is_ok() { Drained::Whole } else { Drained::CutOff })
}

/// How a server ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drained {
    /// Some requests were not answered within the drain time.
    CutOff,
    /// All that had begun was answered.
    Whole,
}

async fn answer<A: App>(
    app: &A,
    request: Request<Incoming>,
    address: IpAddr,
    limits: Limits,
) -> Response<Full<Bytes>> {
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        return refused(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let arrival = Arrival { address, now: SystemClock.now(), random };
    let mut response = match request.uri().path() {
        "/healthz" => plain(StatusCode::OK),
        "/readyz" if app.is_ready() => plain(StatusCode::OK),
        "/readyz" => plain(StatusCode::SERVICE_UNAVAILABLE),
        _ => match read(request, limits).await {
            Ok(request) => decide(app, &request, &Arrival { now: SystemClock.now(), ..arrival }),
            Err(status) => refused(status),
        },
    };
    if let Some(name) = arrival.header() {
        response.headers_mut().insert(REQUEST_ID, name);
    }
    response
}

/// The request with its whole body, or the status that it is refused with.
async fn read(request: Request<Incoming>, limits: Limits) -> Result<Request<Bytes>, StatusCode> {
    let (parts, body) = request.into_parts();
    if let Some(status) = unframed(&parts.headers) {
        return Err(status);
    }
    let whole = timeout(limits.body, Limited::new(body, limits.body_bytes).collect()).await;
    match whole {
        Ok(Ok(body)) => Ok(Request::from_parts(parts, body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

/// Why a body's end is not to be believed. A length after the encoding is not shown to us, so that
/// the encoding alone is refused too.
///
/// # Source
///
/// RFC 9112, 6.1 and 6.3.
fn unframed(headers: &HeaderMap) -> Option<StatusCode> {
    let encoded = headers.contains_key(TRANSFER_ENCODING);
    let counted = headers.contains_key(CONTENT_LENGTH);
    let status = if counted { StatusCode::BAD_REQUEST } else { StatusCode::LENGTH_REQUIRED };
    encoded.then_some(status)
}

fn decide<A: App>(app: &A, request: &Request<Bytes>, arrival: &Arrival) -> Response<Full<Bytes>> {
    let (mut asked, mut body) = (Request::new(&**request.body()), Vec::new());
    *asked.method_mut() = request.method().clone();
    *asked.uri_mut() = request.uri().clone();
    *asked.headers_mut() = request.headers().clone();
    app.answer(&asked, arrival, &mut body).map(|()| Full::new(body.into()))
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// An answer after which the connection's bytes are not to be read on.
fn refused(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = plain(status);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Ours: what a head may hold, in bytes.
const HEAD_BYTES: usize = 32 << 10;
/// Ours: how long to wait when no connection could be taken.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
