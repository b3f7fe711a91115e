//! What the vectors do not show: the seams, and what happens over several requests.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod customers;
mod sessions;
mod shop;
mod track;
mod webhooks;
