/// Deliveries that wait for some endpoints.
public struct WaitingPage: Sendable {
    /// The deliveries, lowest number first.
    public let rows: [Row]
    /// Up to which number they are all; the newest delivery's where the page is the last.
    public let through: Int64

    /// A delivery.
    public struct Row: Sendable, Hashable {
        /// Its number.
        public let delivery: Int64
        /// Its endpoint's number.
        public let endpoint: Int64

        /// Creates a row.
        public init(delivery: Int64, endpoint: Int64) {
            self.delivery = delivery
            self.endpoint = endpoint
        }
    }

    /// Creates a page.
    public init(rows: [Row], through: Int64) {
        self.rows = rows
        self.through = through
    }
}
