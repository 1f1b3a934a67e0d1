//! What is said of requests to take fulfillments back: inputs and views.

use crate::fields::{Line, Paragraph};
use crate::{input, view};
use tradepost_domain::fulfillments::RequestState;
use tradepost_domain::ids::{CancelRequestId, FulfillmentId, LicenseId, PartnershipId};
use tradepost_kernel::{Money, Timestamp};

crate::named_choice!(RequestState);

input! {
    /// What is to be taken back, and why.
    pub struct NewCancelRequest read_only [id, status, quantity, refund] {
        /// The merchant reads it.
        pub reason: Paragraph<1000>,
        /// Only these licenses, at most 1,000; leave it out for everything that was not taken back before.
        pub licenses: Option<Vec<LicenseId>>,
    }

    /// How a request is approved.
    pub struct CancelApproval {
        /// What goes back to the prepaid balance; leave it out for `refund_least`.
        pub refund: Option<Money>,
        /// The reseller reads it.
        pub note: Option<Paragraph<1000>>,
    }

    /// How a request is rejected.
    pub struct CancelRejection {
        /// The reseller reads it.
        pub note: Paragraph<1000>,
    }

    /// Which requests are wanted.
    pub struct CancelRequestQuery {
        /// Only in this state.
        pub status: Option<RequestState>,
        /// Only about this fulfillment.
        pub fulfillment: Option<FulfillmentId>,
        /// Only about what stands under this id of a shop's order.
        pub external_order_id: Option<Line<255>>,
    }

    /// Which requests are wanted.
    pub struct MerchantCancelRequestQuery {
        /// Only of this partnership.
        pub partnership: Option<PartnershipId>,
        /// Only in this state.
        pub status: Option<RequestState>,
        /// Only about this fulfillment.
        pub fulfillment: Option<FulfillmentId>,
        /// Only about what stands under this id of a shop's order.
        pub external_order_id: Option<Line<255>>,
    }
}

view! {
    /// A request in a list.
    pub struct CancelRequestSummary {
        /// Its id.
        pub id: CancelRequestId,
        /// Where it stands.
        pub status: RequestState,
        /// About which fulfillment.
        pub fulfillment: FulfillmentId,
        /// The shop's order id of that.
        pub external_order_id: String,
        /// Who asks.
        pub partnership: PartnershipId,
        /// About how many codes.
        pub quantity: i64,
        /// Why, in the reseller's words.
        pub reason: String,
        /// What went back to the prepaid balance; null until it is approved.
        pub refund: Option<Money>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it was decided or withdrawn.
        pub decided_at: Option<Timestamp>,
    }

    /// A request to take back a fulfillment, or some of its licenses.
    pub struct CancelRequestView {
        /// Its id.
        pub id: CancelRequestId,
        /// Where it stands.
        pub status: RequestState,
        /// About which fulfillment.
        pub fulfillment: FulfillmentId,
        /// The shop's order id of that.
        pub external_order_id: String,
        /// Who asks.
        pub partnership: PartnershipId,
        /// About how many codes.
        pub quantity: i64,
        /// The licenses that it names; none where it is about all that were not taken back before.
        pub licenses: Vec<LicenseId>,
        /// Why, in the reseller's words.
        pub reason: String,
        /// While it is pending: how many of the codes were shown. Those are revoked, the others go back to stock.
        pub shown: Option<i64>,
        /// While it is pending: what goes back at least, the cost of the codes that nobody saw.
        pub refund_least: Option<Money>,
        /// While it is pending: what may go back at most, the cost of all of the codes.
        pub refund_most: Option<Money>,
        /// What went back to the prepaid balance; null until it is approved.
        pub refund: Option<Money>,
        /// What the merchant said to it.
        pub note: Option<String>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it was decided or withdrawn.
        pub decided_at: Option<Timestamp>,
    }
}
