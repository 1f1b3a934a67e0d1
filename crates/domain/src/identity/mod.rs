//! People who sign in, their sessions, links that work once, and API keys.
