import PosthornModel
import PosthornText

/// A shop that speaks Standard Webhooks, which prescribe no events: customers, orders and invoices, with types in the form
/// that the specification recommends (`order.paid`).
struct StandardScenario: VendorScenario {
    struct Cast: Sendable {
        let node: String
        /// Which of the scripts.
        let story: Story
        let customer: Person
        /// Of the order or the invoice.
        let id: String
        let number: Int
        let lines: [Line]
        var history: [(name: String, moment: Timestamp)] = []

        var total: Int { lines.reduce(0) { $0 + $1.quantity * $1.price } }
    }

    /// A part of an order; prices in cents.
    struct Line: Sendable {
        let sku: String
        let name: String
        let quantity: Int
        let price: Int
    }

    enum Story: Int, CaseIterable, Sendable {
        case customer, order, refundedOrder, cancelledOrder, invoice

        var script: [String] {
            switch self {
            case .customer: return ["customer.created", "customer.updated", "customer.deleted"]
            case .order: return ["order.created", "order.paid", "order.shipped", "order.delivered"]
            case .refundedOrder: return ["order.created", "order.paid", "order.refunded"]
            case .cancelledOrder: return ["order.created", "order.cancelled"]
            case .invoice: return ["invoice.created", "invoice.payment_failed", "invoice.paid"]
            }
        }
    }

    private static let goods: [(name: String, price: Int)] = [
        ("Enamel mug", 1_250), ("Reading lamp", 4_900), ("Field notebook", 895), ("Wool blanket", 7_990), ("Tea, 100 g", 640),
        ("Desk plant", 1_575),
    ]

    private let sites: StorySites
    /// Who orders and pays; those of customer stories are others, who come and go.
    private let customers: [Person]
    private var book = ScriptPlayer<Cast>(Story.allCases.map(\.script))

    init(_ random: inout SeededGenerator, _ platform: [Node]) {
        sites = StorySites(platform, invented: Node(id: random.hex(24), level: .company, name: random.companyName()))
        customers = (0..<12).map { _ in random.person() }
    }

    var nodes: [Node] { sites.nodes }
    var types: [String] { book.types }

    mutating func next(at now: Timestamp, _ random: inout SeededGenerator) -> (type: String, node: String, data: JSONValue) {
        let (sites, customers) = (sites, customers)
        return book.next(
            &random,
            cast: { number, script, random in
                let story = Story.allCases[script]
                return Cast(
                    node: sites.node(ofStory: number),
                    story: story,
                    customer: story == .customer ? random.person() : random.pick(customers),
                    id: (story == .invoice ? "inv_" : "ord_") + random.hex(24),
                    number: 10_000 + number,
                    lines: story == .customer ? [] : (0..<random.integer(1...3)).map { _ in Self.line(&random) }
                )
            },
            tell: { type, cast, random in
                let event = String(type.drop { $0 != "." }.dropFirst())
                cast.history.append((event, now))
                return (type, cast.node, Self.data(cast, event, now, &random))
            }
        )
    }

    private static func line(_ random: inout SeededGenerator) -> Line {
        let (name, price) = random.pick(goods)
        return Line(sku: "SKU-" + random.digits(6), name: name, quantity: random.integer(1...4), price: price)
    }

    private static func data(_ cast: Cast, _ event: String, _ now: Timestamp, _ random: inout SeededGenerator) -> JSONValue {
        switch cast.story {
        case .customer: return customer(cast, event)
        case .order, .refundedOrder, .cancelledOrder: return order(cast, event, &random)
        case .invoice: return invoice(cast, event, now)
        }
    }

    /// When something was done to the object; null before.
    private static func moment(_ name: String, of cast: Cast) -> JSONValue {
        cast.history.last { $0.name == name }.map { .string($0.moment.description) } ?? .null
    }

    private static func customer(_ cast: Cast, _ event: String) -> JSONValue {
        let id = JSONValue.string("cus_" + cast.customer.id)
        if event == "deleted" { return object(["id": id, "deleted_at": moment("deleted", of: cast)]) }
        return object([
            "id": id,
            "name": .string(cast.customer.name),
            "email": .string(cast.customer.email),
            "phone": .string(cast.customer.phone),
            "locale": .string(cast.customer.language),
            "accepts_marketing": .bool(event == "updated"),
            "created_at": moment("created", of: cast),
            "updated_at": moment(event, of: cast),
        ])
    }

    private static func buyer(_ cast: Cast) -> JSONValue {
        object([
            "id": .string("cus_" + cast.customer.id), "name": .string(cast.customer.name), "email": .string(cast.customer.email),
        ])
    }

    private static func lines(_ cast: Cast) -> JSONValue {
        .array(
            cast.lines.map { line in
                object([
                    "sku": .string(line.sku), "name": .string(line.name), "quantity": number(line.quantity),
                    "unit_price": number(line.price),
                ])
            }
        )
    }

    private static func order(_ cast: Cast, _ event: String, _ random: inout SeededGenerator) -> JSONValue {
        object([
            "id": .string(cast.id),
            "number": .string("\(cast.number)"),
            "status": .string(event == "created" ? "open" : event),
            "customer": buyer(cast),
            "lines": lines(cast),
            "currency": .string("EUR"),
            "total": number(cast.total),
            "tracking_code": event == "shipped" ? .string("TRK" + random.digits(12)) : .null,
            "created_at": moment("created", of: cast),
            "paid_at": moment("paid", of: cast),
            "shipped_at": moment("shipped", of: cast),
            "delivered_at": moment("delivered", of: cast),
            "cancelled_at": moment("cancelled", of: cast),
            "refunded_at": moment("refunded", of: cast),
        ])
    }

    private static func invoice(_ cast: Cast, _ event: String, _ now: Timestamp) -> JSONValue {
        let day: Int64 = 86_400_000
        let issued = cast.history.first?.moment ?? now
        return object([
            "id": .string(cast.id),
            "number": .string("INV-\(cast.number)"),
            "status": .string(event == "paid" ? "paid" : "open"),
            "customer": buyer(cast),
            "lines": lines(cast),
            "currency": .string("EUR"),
            "amount_due": number(event == "paid" ? 0 : cast.total),
            "amount_paid": number(event == "paid" ? cast.total : 0),
            "failure": event == "payment_failed"
                ? object(["code": .string("card_declined"), "message": .string("The bank declined the payment.")]) : .null,
            "issued_at": .string(issued.description),
            "due_at": .string(issued.advanced(byMilliseconds: 14 * day).description),
            "paid_at": moment("paid", of: cast),
        ])
    }
}
