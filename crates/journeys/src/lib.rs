//! Every test that needs a database or a socket: one binary, `tests/it`. Each test is a sentence, runs on both
//! databases from one body, and ends with clean books. See `tradepost-testkit`.
