-- What a product was called before: a shop that asks again for an external order names the product as it did then (EXT-4).
CREATE TABLE former_sku (
    merchant {int} NOT NULL,
    product {int} NOT NULL,
    sku {text} NOT NULL,
    until_ms {int} NOT NULL,
    PRIMARY KEY (merchant, product, sku),
    FOREIGN KEY (merchant, product) REFERENCES product (merchant, number)
) {strict};
