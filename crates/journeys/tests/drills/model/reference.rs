//! The reference: what must come of commands, in a few lines of arithmetic and without a database.

/// What a unit costs, in minor units.
pub const PRICE: i64 = 1_000;

/// A command, in the words of the model. Shops and orders by their place.
#[derive(Clone, Debug)]
pub enum Action {
    Place { shop: usize, quantity: i64 },
    Fulfill { shop: usize, quantity: i64 },
    PayIn { shop: usize, minor: i64 },
    Pay { order: usize, minor: i64 },
    Cancel { order: usize },
    Limit { shop: usize, minor: Option<i64> },
    Import { keys: i64 },
}

/// A partnership.
#[derive(Clone, Debug, Default)]
pub struct Shop {
    pub limit: Option<i64>,
    /// What was paid beyond its orders.
    pub balance: i64,
    /// What was paid ahead for its own shop's sales.
    pub prepaid: i64,
}

/// A placed order.
#[derive(Clone, Debug)]
pub struct Order {
    pub shop: usize,
    quantity: i64,
    paid: i64,
    released: bool,
    canceled: bool,
}

impl Order {
    const fn open(&self) -> i64 {
        if self.canceled { 0 } else { self.quantity * PRICE - self.paid }
    }
}

/// What can be seen from outside, of the model and of the house.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    pub available: i64,
    pub reserved: i64,
    pub allocated: i64,
    pub delivered: i64,
    /// What each shop has beyond its orders, what it has paid ahead, and what it owes.
    pub shops: Vec<(i64, i64, i64)>,
    /// Paid, released, canceled.
    pub orders: Vec<(i64, bool, bool)>,
}

#[derive(Clone, Debug)]
pub struct Model {
    available: i64,
    delivered: i64,
    pub shops: Vec<Shop>,
    pub orders: Vec<Order>,
}

impl Model {
    pub fn new() -> Self {
        let shop = |limit| Shop { limit, balance: 0, prepaid: 0 };
        Self { available: 12, delivered: 0, shops: vec![shop(None), shop(Some(5_000)), shop(Some(20_000))], orders: Vec::new() }
    }

    pub const fn keys(&self) -> i64 {
        self.available
    }

    /// Does it, or says by which code it is refused.
    pub fn take(&mut self, action: &Action) -> Result<(), &'static str> {
        match *action {
            Action::Place { shop, quantity } => self.place(shop, quantity)?,
            Action::Fulfill { shop, quantity } => self.fulfill(shop, quantity)?,
            Action::PayIn { shop, minor } => self.shops[shop].prepaid += minor,
            Action::Pay { order, minor } => {
                let of = &mut self.orders[order];
                if of.canceled {
                    return Err("invoice_canceled");
                }
                let part = of.open().min(minor);
                of.paid += part;
                of.released |= of.open() == 0;
                self.shops[of.shop].balance += minor - part;
                self.release(self.orders[order].shop);
            }
            Action::Cancel { order } => {
                let of = &mut self.orders[order];
                if of.canceled {
                    return Err("order_canceled");
                }
                of.canceled = true;
                self.available += of.quantity;
                self.shops[of.shop].balance += of.paid;
                self.release(self.orders[order].shop);
            }
            Action::Limit { shop, minor } => {
                self.shops[shop].limit = minor;
                self.release(shop);
            }
            Action::Import { keys } => self.available += keys,
        }
        Ok(())
    }

    fn place(&mut self, shop: usize, quantity: i64) -> Result<(), &'static str> {
        if quantity > self.available {
            return Err("out_of_stock");
        }
        let paid = self.shops[shop].balance.min(quantity * PRICE);
        let open = quantity * PRICE - paid;
        let released = open == 0 || self.shops[shop].limit.is_some_and(|limit| self.owed(shop, |_| true) + open <= limit);
        self.available -= quantity;
        self.shops[shop].balance -= paid;
        self.orders.push(Order { shop, quantity, paid, released, canceled: false });
        Ok(())
    }

    fn fulfill(&mut self, shop: usize, quantity: i64) -> Result<(), &'static str> {
        if quantity > self.available {
            return Err("out_of_stock");
        }
        if quantity * PRICE > self.shops[shop].prepaid {
            return Err("insufficient_balance");
        }
        self.available -= quantity;
        self.delivered += quantity;
        self.shops[shop].prepaid -= quantity * PRICE;
        Ok(())
    }

    fn owed(&self, shop: usize, of: impl Fn(&Order) -> bool) -> i64 {
        self.orders.iter().filter(|order| order.shop == shop && of(order)).map(Order::open).sum()
    }

    /// Held orders that fit now, strictly oldest first.
    fn release(&mut self, shop: usize) {
        let Some(limit) = self.shops[shop].limit else { return };
        let mut owed = self.owed(shop, |order| order.released);
        for order in self.orders.iter_mut().filter(|order| order.shop == shop && !order.released && !order.canceled) {
            owed += order.open();
            if owed > limit {
                return;
            }
            order.released = true;
        }
    }

    pub fn look(&self) -> View {
        let units = |released| self.orders.iter().filter(|order| !order.canceled && order.released == released).map(|order| order.quantity).sum();
        View {
            available: self.available,
            reserved: units(false),
            allocated: units(true),
            delivered: self.delivered,
            shops: (0..self.shops.len()).map(|shop| (self.shops[shop].balance, self.shops[shop].prepaid, self.owed(shop, |_| true))).collect(),
            orders: self.orders.iter().map(|order| (order.paid, order.released, order.canceled)).collect(),
        }
    }
}
