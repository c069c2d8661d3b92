/// What a load has to know of a request when its answer comes, in the number that a ticket carries.
struct LoadMark: Equatable {
    /// What it was meant to be.
    var kind: LoadKind
    /// Whether it left before anything was measured.
    var isWarmUp = false
    /// Whether it waited for a place on the wire.
    var wasHeldBack = false
    /// The place of its event's type among the content's types; `nil` when it has none, or one far behind.
    var type: Int?
    /// Its number in the book of what was sent.
    var entry = 0

    private static let warmUpBit = 1 << 4
    private static let heldBackBit = 1 << 5
    private static let typeShift = 8
    private static let typeMask = (1 << 12) - 1
    private static let entryShift = 20

    /// A request of a kind, and nothing more.
    init(kind: LoadKind) { self.kind = kind }

    /// Reads a ticket's number.
    init(bits: Int) {
        kind = LoadKind(rawValue: bits & (Self.warmUpBit - 1)) ?? .plain
        isWarmUp = bits & Self.warmUpBit != 0
        wasHeldBack = bits & Self.heldBackBit != 0
        // Counted from 1 here, so that 0 is none.
        let number = bits >> Self.typeShift & Self.typeMask
        type = number == 0 ? nil : number - 1
        entry = bits >> Self.entryShift
    }

    /// The number for a ticket.
    var bits: Int {
        let number = type.map { $0 + 1 <= Self.typeMask ? $0 + 1 : 0 } ?? 0
        return kind.rawValue | (isWarmUp ? Self.warmUpBit : 0) | (wasHeldBack ? Self.heldBackBit : 0)
            | number << Self.typeShift | entry << Self.entryShift
    }
}
