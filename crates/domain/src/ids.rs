//! Every noun that has an id, and the prefix of its public text form.

tradepost_kernel::id_types! {
    /// A change that was made; what a request id is to a request.
    Change => CommandId "cmd",
    /// A request that was served, as `X-Request-Id` names it.
    ServedRequest => RequestId "req",
    /// A row of the audit trail.
    AuditEntry => AuditId "aud",
    /// Something that happened.
    Event => EventId "evt",
    /// A message that was sent or is to be.
    Message => MessageId "msg",
    /// A person who signs in.
    Person => PersonId "usr",
    /// A sign-in.
    Session => SessionId "ses",
    /// A key of an authenticator that signs somebody in.
    Passkey => PasskeyId "pky",
    /// Who a person is at an issuer of OpenID Connect.
    IssuerAccount => IssuerAccountId "isa",
    /// A link that works once.
    SingleUseLink => SingleUseLinkId "sul",
    /// A new e-mail address of a person that is not confirmed yet.
    EmailChange => EmailChangeId "emc",
    /// A merchant (or its sandbox).
    Merchant => MerchantId "mer",
    /// A product or variant.
    Product => ProductId "prd",
    /// A price list.
    PriceList => PriceListId "prl",
    /// A reseller company.
    Reseller => ResellerId "res",
    /// A channel.
    Channel => ChannelId "chn",
    /// One reseller's relationship with one merchant.
    Partnership => PartnershipId "par",
    /// An API key.
    ApiKey => ApiKeyId "key",
    /// The filters of a list under a name.
    SavedView => SavedViewId "svw",
    /// A ledger account.
    Account => AccountId "acc",
    /// A ledger transfer.
    Transfer => TransferId "trf",
    /// An import of license keys.
    KeyImport => KeyImportId "imp",
    /// One secret code of a product's stock.
    LicenseKey => LicenseKeyId "lky",
    /// An end user.
    Customer => CustomerId "cus",
    /// The company that sells on to a customer.
    ResellerInformation => ResellerInformationId "rin",
    /// An order.
    Order => OrderId "ord",
    /// A line of an order.
    OrderItem => OrderItemId "itm",
    /// One sold unit.
    License => LicenseId "lic",
    /// What an external shop's call brought about.
    Fulfillment => FulfillmentId "ful",
    /// A wish to take a fulfillment back.
    CancelRequest => CancelRequestId "crq",
    /// An invoice.
    Invoice => InvoiceId "inv",
    /// A payment.
    Payment => PaymentId "pay",
}

/// The owner column of things that belong to a merchant as a whole: 16 zero bytes.
#[must_use]
pub const fn nobody<N>() -> tradepost_kernel::Id<N> {
    tradepost_kernel::Id::from_bytes([0; 16])
}
