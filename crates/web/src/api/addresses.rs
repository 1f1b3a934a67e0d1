//! Fields that several bodies share: where somebody is, and a company with the person who speaks for it.

use super::companies::Country;
use crate::fields::Line;
use crate::input;
use tradepost_domain::partners::Profile;
use tradepost_kernel::text::Email;

input! {
    /// Where somebody is.
    pub struct StreetAddress {
        /// Street and number.
        pub street: Option<Line<200>>,
        /// City.
        pub city: Option<Line<100>>,
        /// Postal code.
        pub postal_code: Option<Line<20>>,
        /// State or region.
        pub region: Option<Line<100>>,
    }

    /// A company that resells, and the person who is its owner.
    pub struct NewCompany {
        /// The company's name.
        pub company: Line<200>,
        /// First name of its owner.
        pub first_name: Line<100>,
        /// Last name of its owner.
        pub last_name: Line<100>,
        /// The owner's address, and where mail about orders goes.
        pub email: Email,
        /// Phone number.
        pub phone: Option<Line<40>>,
        /// Two letters.
        pub country: Country,
        /// VAT id.
        pub vat_id: Option<Line<30>>,
        => address: StreetAddress
    }
}

impl NewCompany {
    /// The owner's first and last name, and what the company says of itself.
    pub(super) fn into_parts(self) -> (String, String, Profile) {
        let StreetAddress { street, city, postal_code, region } = self.address;
        let profile = Profile {
            company: self.company.into_string(),
            email: self.email,
            phone: self.phone.map(Line::into_string),
            street: street.map(Line::into_string),
            city: city.map(Line::into_string),
            postal_code: postal_code.map(Line::into_string),
            region: region.map(Line::into_string),
            country: self.country.0,
            vat_id: self.vat_id.map(Line::into_string),
        };
        (self.first_name.into_string(), self.last_name.into_string(), profile)
    }
}
