//! Has the response ended? The body of the service, and what is settled with it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::held::Held;

pin_project! {
    /// The service's own body, which settles what its request holds when it has ended.
    pub struct Settling<B> {
        #[pin]
        body: B,
        held: Option<Held>,
    }
}

impl<B: Body> Settling<B> {
    /// A body that settles `held`, if there is something held.
    pub(crate) fn new(body: B, held: Option<Held>) -> Self {
        let mut held = held;
        if body.is_end_stream() {
            end(&mut held); // nobody will read it
        }
        Self { body, held }
    }
}

impl<B: Body> Body for Settling<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        // Who reads a body may stop where it says that it ends, and not ask for the end.
        if frame.is_none() || (matches!(frame, Some(Ok(_))) && this.body.is_end_stream()) {
            end(this.held);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn end(held: &mut Option<Held>) {
    if let Some(held) = held.take() {
        // Whoever would hear of an error has its answer; what is held is given back then.
        let _settled = held.finish();
    }
}
