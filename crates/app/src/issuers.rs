//! Asking issuers of OpenID Connect in the name of the web (PAR-15).

use crate::config::SignInAt;
use std::sync::Arc;
use tradepost_issuer::{Asked, Issuer, NotUsable, Trouble};
use tradepost_kernel::Environment;
use tradepost_store::BoxFuture;
use tradepost_web::issuers::{Begun, CameBack, Issuers, NoWord, Vouched};

/// Every issuer of the settings.
pub struct Connected(Vec<(Arc<Issuer>, String)>);

impl Connected {
    /// None is asked yet; one that cannot be asked now may be later.
    ///
    /// # Errors
    /// [`NotUsable`], with the issuer's name: its settings can never work.
    pub fn new(settings: &[SignInAt], environment: &Environment) -> Result<Self, NotUsable> {
        let connect = |one: &SignInAt| {
            let issuer =
                Issuer::new(one.issuer.clone(), environment.clone()).map_err(|NotUsable(why)| NotUsable(format!("oidc {}: {why}", one.issuer.name)))?;
            Ok((Arc::new(issuer), one.label.clone()))
        };
        settings.iter().map(connect).collect::<Result<_, _>>().map(Self)
    }

    fn named(&self, name: &str) -> Option<Arc<Issuer>> {
        self.0.iter().map(|(issuer, _)| issuer).find(|issuer| issuer.name() == name).cloned()
    }
}

fn asked(begun: Begun) -> Asked {
    Asked { redirect_uri: begun.redirect_uri, state: begun.state, nonce: begun.nonce, verifier: begun.verifier }
}

fn logged(name: &str, trouble: &Trouble) -> NoWord {
    tracing::warn!(issuer = name, error = trouble as &dyn std::error::Error, "a sign-in at an issuer was not finished");
    NoWord
}

impl Issuers for Connected {
    fn names(&self) -> Vec<(String, String)> {
        self.0.iter().map(|(issuer, label)| (issuer.name().to_owned(), label.clone())).collect()
    }

    fn labels(&self) -> Vec<(String, String)> {
        self.0.iter().map(|(issuer, label)| (issuer.issuer().to_owned(), label.clone())).collect()
    }

    fn address(&self, name: String, begun: Begun) -> BoxFuture<'_, Result<String, NoWord>> {
        Box::pin(async move {
            let issuer = self.named(&name).ok_or(NoWord)?;
            issuer.address(&asked(begun)).await.map_err(|trouble| logged(&name, &trouble))
        })
    }

    fn vouched(&self, name: String, came: CameBack, begun: Begun) -> BoxFuture<'_, Result<Vouched, NoWord>> {
        Box::pin(async move {
            let issuer = self.named(&name).ok_or(NoWord)?;
            let claims = issuer.claims(came.code.expose(), came.issuer.as_deref(), &asked(begun)).await.map_err(|trouble| logged(&name, &trouble))?;
            Ok(Vouched { issuer: claims.issuer, subject: claims.subject, email: claims.email, vouches: claims.vouches })
        })
    }
}
