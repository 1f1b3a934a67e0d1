//! The link to one invoice and nothing else (ORD-8): its text follows from the master key, so none is stored.

use crate::ids::InvoiceId;
use tradepost_kernel::Id;
use tradepost_kernel::secret::{Vault, same};

/// The token of the path `/i/{token}`: merchant number, invoice, and a keyed hash of both.
#[must_use]
pub fn token(vault: &Vault, merchant: i64, invoice: InvoiceId) -> String {
    format!("{merchant}-{}-{}", invoice.suffix(), proof(vault, merchant, invoice))
}

/// Which invoice a token opens; `None` for a text that is no token of ours.
#[must_use]
pub fn read(vault: &Vault, token: &str) -> Option<(i64, InvoiceId)> {
    let (head, given) = token.rsplit_once('-')?;
    let (merchant, suffix) = head.split_once('-')?;
    let merchant: i64 = merchant.parse().ok()?;
    let invoice: InvoiceId = format!("inv_{suffix}").parse().ok()?;
    same(proof(vault, merchant, invoice).as_bytes(), given.as_bytes()).then_some((merchant, invoice))
}

fn proof(vault: &Vault, merchant: i64, invoice: InvoiceId) -> String {
    let mut place = merchant.to_be_bytes().to_vec();
    place.extend_from_slice(&invoice.bytes());
    Id::<()>::from_bytes(vault.fingerprint(b"invoice link", &place)).suffix()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_kernel::Secret;

    /// ORD-8: the link shows this invoice and nothing else.
    #[test]
    fn a_link_opens_its_own_invoice_only() {
        let vault = Vault::new(&Secret::new([7; 32]));
        let invoice = InvoiceId::from_bytes([3; 16]);
        let text = token(&vault, 12, invoice);
        assert_eq!(read(&vault, &text), Some((12, invoice)));
        assert_eq!(read(&vault, &text.replacen("12-", "13-", 1)), None);
        assert_eq!(read(&Vault::new(&Secret::new([8; 32])), &text), None);
        for end in 0..text.len() {
            assert_eq!(read(&vault, &text[..end]), None, "{end}");
        }
    }
}
