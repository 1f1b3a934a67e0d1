//! What every page of a workspace has around it, read at once.

use super::{Count, waiting};
use crate::access::{MerchantRole, MerchantScope};
use crate::identity::{self, PersonView};
use crate::ids::PersonId;
use crate::merchants::{self, Branding, MerchantView};
use crate::partners;
use crate::partners::queries::PartnershipView;
use tradepost_store::{Fault, Reader};

/// Who looks, and where they can go.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Who looks.
    pub person: PersonView,
    /// The merchant whose workspace, or in whose program, it is.
    pub merchant: MerchantView,
    /// The merchants that they work for.
    pub employers: Vec<(MerchantView, MerchantRole)>,
    /// The programs that their companies are in.
    pub programs: Vec<PartnershipView>,
    /// Sign-ups that nobody decided on; none where they do not work for the merchant.
    pub sign_ups: Count,
    /// How the merchant looks, where it said so.
    pub branding: Option<Branding>,
}

/// The frame of a person's page at a merchant. `None`: there is no such person or merchant.
///
/// # Errors
/// The store's.
pub async fn frame(reader: &mut Reader<'_>, person: PersonId, scope: MerchantScope) -> Result<Option<Frame>, Fault> {
    let Some(person) = identity::queries::person(&mut *reader, person).await? else { return Ok(None) };
    let employers = merchants::queries::employers(&mut *reader, person.id).await?;
    let programs = partners::queries::programs(&mut *reader, person.id).await?;
    let employer = employers.iter().find(|(merchant, _)| merchant.number == scope.merchant).map(|(merchant, _)| merchant.clone());
    let (merchant, sign_ups) = match employer {
        Some(merchant) => (Some(merchant), waiting::sign_ups(&mut *reader, scope).await?),
        None => (merchants::queries::merchant(&mut *reader, scope.merchant).await?, Count::default()),
    };
    let branding = merchants::branding(reader, scope.merchant).await?;
    Ok(merchant.map(|merchant| Frame { person, merchant, employers, programs, sign_ups, branding }))
}
