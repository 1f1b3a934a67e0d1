//! Every test that needs a database or a socket. `tests/it`: the journeys; each test is a sentence, runs on both
//! databases from one body, and ends with clean books. `tests/drills`: what a server must survive (docs/drills.md). See
//! `tradepost-testkit`.
