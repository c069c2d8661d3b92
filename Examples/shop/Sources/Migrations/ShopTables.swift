/// The shop's own tables, which are in the same file as the outbox.
public enum ShopTables {
    /// Makes them.
    public static let statement = "CREATE TABLE IF NOT EXISTS shop_order (id TEXT PRIMARY KEY, state TEXT NOT NULL)"
}
