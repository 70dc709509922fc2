//! The guide: a page per subject, whose examples are run as tests.

#[doc = include_str!("../docs/guide/checking-gradients.md")]
pub mod checking_gradients {}

#[doc = include_str!("../docs/guide/functions.md")]
pub mod functions {}

#[doc = include_str!("../docs/guide/vectorised.md")]
pub mod vectorised {}

#[doc = include_str!("../docs/guide/batches.md")]
pub mod batches {}

#[doc = include_str!("../docs/guide/networks.md")]
pub mod networks {}

#[doc = include_str!("../docs/guide/other-crates.md")]
pub mod other_crates {}
