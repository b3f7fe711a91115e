//! Whose request is it? The three adapters, told apart by path.

use http::{Request, Response, StatusCode};
use weir::Gate;
use weir_genvoris::Genvoris;
use weir_pulsora::{Accepted, Config, Ingest, SinkRefused};
use weir_unprice::Incoming;

use crate::app::{App, Arrival};

/// The three contracts, each over a gate of its own.
pub struct Contracts {
    /// Counts for pulsora.
    pub pulsora: Gate,
    /// What pulsora's host chooses.
    pub config: Config,
    /// Where pulsora's accepted events go.
    pub sink: Sink,
    /// Plans, customers, sessions and try-ons.
    pub genvoris: Genvoris,
    /// Counts for unprice. There is no queue: `/v1/events/ingest` says that it could not be sent.
    pub unprice: Gate,
}

/// Takes pulsora's accepted events.
pub type Sink = Box<dyn Fn(&Accepted<'_, '_>) -> Result<(), SinkRefused> + Send + Sync + 'static>;

impl App for Contracts {
    fn answer(
        &self,
        request: &Request<&[u8]>,
        arrival: &Arrival,
        body: &mut Vec<u8>,
    ) -> Response<()> {
        let path = request.uri().path();
        if path == self.config.path.path() {
            return self.ingest(request, arrival, body);
        }
        if path.starts_with("/v1/") {
            let request_id = &arrival.request_id();
            let incoming = Incoming { request, now: arrival.now, request_id };
            return weir_unprice::respond(&self.unprice, &(), &incoming, body);
        }
        if path.starts_with("/api/") || path.starts_with("/.well-known/") {
            let arrival = weir_genvoris::Arrival { now: arrival.now, random: arrival.random };
            let answered = self.genvoris.handle(request, &arrival, body);
            return answered.unwrap_or_else(|error| error.answer(body));
        }
        body.clear();
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    }

    fn is_ready(&self) -> bool {
        let gates = [&self.pulsora, self.genvoris.gate(), &self.unprice];
        gates.into_iter().all(|gate| gate.catalog().is_ok())
    }
}

impl Contracts {
    fn ingest(
        &self,
        request: &Request<&[u8]>,
        arrival: &Arrival,
        body: &mut Vec<u8>,
    ) -> Response<()> {
        let sink = |event: &Accepted<'_, '_>| (self.sink)(event);
        let ingest = Ingest { gate: &self.pulsora, config: &self.config, sink: &sink };
        let request_id = arrival.header();
        let (address, now) = (arrival.address, arrival.now);
        let arrival = weir_pulsora::Arrival { address, now, request_id: request_id.as_ref() };
        ingest.answer(request, &arrival, body)
    }
}
