//! What is said of licenses: inputs and views.

use super::addresses::StreetAddress;
use crate::fields::{Line, Upto};
use crate::{input, view};
use tradepost_domain::customers::{self, CustomerView, EndUser, SellingCompany};
use tradepost_domain::ids::{CustomerId, FulfillmentId, LicenseId, OrderId, OrderItemId, PartnershipId, ProductId, ResellerInformationId};
use tradepost_domain::licenses::{Stage, Status};
use tradepost_domain::listing::ByAge;
use tradepost_kernel::Timestamp;
use tradepost_kernel::text::Email;

crate::named_choice!(Stage, Status);

input! {
    /// Who a license is for.
    pub struct EndUserInput {
        /// First name.
        pub first_name: Line<100>,
        /// Last name.
        pub last_name: Line<100>,
        /// Where the license is sent.
        pub email: Email,
        /// Company.
        pub company: Option<Line<200>>,
        /// Phone.
        pub phone: Option<Line<50>>,
        /// Country, as a two-letter ISO 3166 code.
        pub country: Option<Line<2>>,
        /// Language, as a two-letter ISO 639-1 code.
        pub language: Option<Line<2>>,
        => address: StreetAddress
    }

    /// The company that sells on to the customer.
    pub struct SellingCompanyInput {
        /// Its name.
        pub company: Line<200>,
        /// A person there.
        pub contact: Option<Line<200>>,
        /// Its address for mail.
        pub email: Option<Email>,
        /// Country, as a two-letter ISO 3166 code.
        pub country: Option<Line<2>>,
        /// VAT id.
        pub vat_id: Option<Line<30>>,
        => address: StreetAddress
    }

    /// Who the licenses of an order are for.
    pub struct OrderEndUserInput {
        /// Only the licenses that wait for their end user; all that have none where it is left out.
        pub only_awaiting: Option<bool>,
        => end_user: EndUserInput
    }

    /// The company that sells the licenses of an order on.
    pub struct OrderSellingCompanyInput {
        /// Only the licenses that wait for it; all that have none where it is left out.
        pub only_awaiting: Option<bool>,
        => selling_company: SellingCompanyInput
    }

    /// Which license is activated, and for whom.
    pub struct Activation {
        /// The product's id or SKU.
        pub product: Line<64>,
        /// Who it is for.
        pub owner: EndUserInput,
    }

    /// Which licenses the merchant delivered.
    pub struct Confirmation {
        /// Licenses that wait for confirmation, 1 to 1000; one in another status refuses the whole.
        pub licenses: Upto<1000, LicenseId>,
    }

    /// Which licenses are wanted.
    pub struct LicenseQuery {
        /// Only of this order.
        pub order: Option<OrderId>,
        /// Only where they are.
        pub stage: Option<Stage>,
        /// Only with this fulfillment status.
        pub status: Option<Status>,
        /// In what order: the newest first where nothing is said.
        pub sort: Option<ByAge>,
    }

    /// Which licenses are wanted.
    pub struct OwnLicenseQuery {
        /// Only of this product: its id or SKU.
        pub product: Option<Line<64>>,
        /// Only what a word finds: the id of a license, an order or a product, the number of an order or of its invoice, the whole of an order's
        /// reference, the e-mail address of a customer, or a SKU.
        pub search: Option<Line<100>>,
        => licenses: LicenseQuery
    }

    /// Which licenses are wanted.
    pub struct MerchantLicenseQuery {
        /// Only of this partnership.
        pub partnership: Option<PartnershipId>,
        /// Only of this product: its id or SKU.
        pub product: Option<Line<64>>,
        /// Only what a word finds: the id of a license, an order or a product, the number of an order or of its invoice, the whole of an order's
        /// reference, the e-mail address of a customer, or a SKU.
        pub search: Option<Line<100>>,
        => licenses: LicenseQuery
    }

    /// Which product's licenses are downloaded.
    pub struct DownloadQuery {
        /// The product's id or SKU.
        pub product: Line<64>,
    }
}

view! {
    /// Why something waits.
    pub struct LockReasonView {
        /// The reason.
        pub code: &'static str,
        /// Who can clear it: `merchant`, `reseller`.
        pub cleared_by: Vec<&'static str>,
    }

    /// A customer.
    pub struct OwnerView {
        /// Its id.
        pub id: CustomerId,
        /// First name.
        pub first_name: String,
        /// Last name.
        pub last_name: String,
        /// E-mail address.
        pub email: String,
        /// Company.
        pub company: Option<String>,
        /// Phone.
        pub phone: Option<String>,
        /// Street and number.
        pub street: Option<String>,
        /// City.
        pub city: Option<String>,
        /// Postal code.
        pub postal_code: Option<String>,
        /// State or region.
        pub region: Option<String>,
        /// Country, as a two-letter ISO 3166 code.
        pub country: Option<String>,
        /// Language, as a two-letter ISO 639-1 code.
        pub language: Option<String>,
    }

    /// The company that sells on to the customer.
    pub struct SellingCompanyView {
        /// Its id.
        pub id: ResellerInformationId,
        /// Its name.
        pub company: String,
        /// A person there.
        pub contact: Option<String>,
        /// Its address for mail.
        pub email: Option<String>,
        /// Street and number.
        pub street: Option<String>,
        /// City.
        pub city: Option<String>,
        /// Postal code.
        pub postal_code: Option<String>,
        /// State or region.
        pub region: Option<String>,
        /// Country, as a two-letter ISO 3166 code.
        pub country: Option<String>,
        /// VAT id.
        pub vat_id: Option<String>,
    }

    /// One sold unit.
    pub struct LicenseView {
        /// Its id.
        pub id: LicenseId,
        /// Its order; null where an external shop's fulfillment brought it.
        pub order: Option<OrderId>,
        /// The line of the order.
        pub item: Option<OrderItemId>,
        /// The fulfillment that brought it, where it is no order.
        pub fulfillment: Option<FulfillmentId>,
        /// Whose it is.
        pub partnership: PartnershipId,
        /// What it is of.
        pub product: ProductId,
        /// The product's SKU.
        pub sku: String,
        /// Where it is between merchant and customer.
        pub stage: Stage,
        /// Its fulfillment status.
        pub status: Status,
        /// Everything that blocks it, and who can clear it.
        pub lock_reasons: Vec<LockReasonView>,
        /// Its code, masked.
        pub masked_code: Option<String>,
        /// Its code in full: only in the answer of the act that shows it.
        pub code: Option<String>,
        /// Its owner.
        pub owner: Option<OwnerView>,
        /// The company that sells it on to its owner.
        pub selling_company: Option<SellingCompanyView>,
        /// When it was ordered.
        pub created_at: Timestamp,
        /// When it was handed over.
        pub distributed_at: Option<Timestamp>,
        /// When it was last sent to its owner.
        pub sent_at: Option<Timestamp>,
        /// When the merchant confirmed its delivery.
        pub confirmed_at: Option<Timestamp>,
    }

    /// How many licenses were confirmed.
    pub struct ConfirmedView {
        /// Licenses.
        pub confirmed: i64,
    }
}

impl From<EndUserInput> for EndUser {
    fn from(input: EndUserInput) -> Self {
        Self {
            first_name: input.first_name.into(),
            last_name: input.last_name.into(),
            email: input.email,
            company: input.company.map(String::from),
            phone: input.phone.map(String::from),
            street: input.address.street.map(String::from),
            city: input.address.city.map(String::from),
            postal_code: input.address.postal_code.map(String::from),
            region: input.address.region.map(String::from),
            country: input.country.map(String::from),
            language: input.language.map(String::from),
        }
    }
}

impl From<SellingCompanyInput> for SellingCompany {
    fn from(input: SellingCompanyInput) -> Self {
        Self {
            company: input.company.into(),
            contact: input.contact.map(String::from),
            email: input.email,
            street: input.address.street.map(String::from),
            city: input.address.city.map(String::from),
            postal_code: input.address.postal_code.map(String::from),
            region: input.address.region.map(String::from),
            country: input.country.map(String::from),
            vat_id: input.vat_id.map(String::from),
        }
    }
}

impl From<CustomerView> for OwnerView {
    fn from(owner: CustomerView) -> Self {
        Self {
            id: owner.id,
            first_name: owner.first_name,
            last_name: owner.last_name,
            email: owner.email,
            company: owner.company,
            phone: owner.phone,
            street: owner.street,
            city: owner.city,
            postal_code: owner.postal_code,
            region: owner.region,
            country: owner.country,
            language: owner.language,
        }
    }
}

impl From<customers::SellingCompanyView> for SellingCompanyView {
    fn from(company: customers::SellingCompanyView) -> Self {
        Self {
            id: company.id,
            company: company.company,
            contact: company.contact,
            email: company.email,
            street: company.street,
            city: company.city,
            postal_code: company.postal_code,
            region: company.region,
            country: company.country,
            vat_id: company.vat_id,
        }
    }
}
