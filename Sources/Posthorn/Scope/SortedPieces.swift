/// Something that lists show by its name.
protocol Named {
    var name: String { get }
}

/// Elements in the order of their names, in pieces: a copy shares all of them but the one that is changed, so that a list of a hundred
/// thousand and one that differs from it by an element cost little more than one.
struct SortedPieces<Element: Named & Sendable>: Sendable {
    private static var pieceLimit: Int { 256 }

    private var pieces: [[Element]] = []
    private(set) var count = 0

    /// No element.
    init() {}

    /// One element, if it is there.
    init(_ element: Element?) {
        if let element { put(element) }
    }

    /// The element of a name.
    func element(named name: String) -> Element? {
        let index = firstIndex(from: name)
        guard index < endIndex, self[index].name == name else { return nil }
        return self[index]
    }

    /// Where the first element is whose name is this one or behind it.
    func firstIndex(from name: String) -> Index {
        let piece = Self.first(pieces.count) { (pieces[$0].last?.name ?? "") >= name }
        if piece == pieces.count { return endIndex }
        return Index(piece: piece, offset: Self.first(pieces[piece].count) { pieces[piece][$0].name >= name })
    }

    /// Where the first element is whose name is behind this one.
    func firstIndex(behind name: String) -> Index {
        let index = firstIndex(from: name)
        return index < endIndex && self[index].name == name ? self.index(after: index) : index
    }

    /// Whether a name is behind those of all elements.
    func isBehindAll(_ name: String) -> Bool { pieces.last?.last.map { $0.name < name } ?? true }

    /// Where those elements are whose names begin with a text. Another one can be among them where a character goes on behind the text.
    func range(ofNamesBeginningWith prefix: String) -> Range<Index> {
        // Nothing that begins so comes behind the prefix and the last of all scalars.
        firstIndex(from: prefix)..<firstIndex(behind: "\(prefix)\u{10FFFF}")
    }

    /// The first number for which something is so, and for all behind it too.
    private static func first(_ count: Int, _ isSo: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if isSo(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Adds an element, or puts it in place of the one of its name.
    mutating func put(_ element: Element) {
        if let last = pieces.last?.last, last.name >= element.name { return insert(element) }
        count += 1
        if let last = pieces.indices.last, pieces[last].count < Self.pieceLimit {
            pieces[last].append(element)
        } else {
            pieces.append([element])
        }
    }

    private mutating func insert(_ element: Element) {
        let index = firstIndex(from: element.name)
        if pieces[index.piece][index.offset].name == element.name {
            pieces[index.piece][index.offset] = element
            return
        }
        count += 1
        pieces[index.piece].insert(element, at: index.offset)
        if pieces[index.piece].count <= Self.pieceLimit { return }
        let half = Self.pieceLimit / 2
        pieces.insert(Array(pieces[index.piece].suffix(from: half)), at: index.piece + 1)
        pieces[index.piece].removeSubrange(half...)
    }

    /// Takes out the element of a name.
    mutating func remove(_ name: String) {
        let index = firstIndex(from: name)
        guard index < endIndex, self[index].name == name else { return }
        count -= 1
        pieces[index.piece].remove(at: index.offset)
        if pieces[index.piece].isEmpty {
            pieces.remove(at: index.piece)
            return
        }
        // What has become small is joined, so that the number of pieces follows that of the elements.
        let next = index.piece + 1
        guard next < pieces.count, pieces[index.piece].count + pieces[next].count <= Self.pieceLimit / 2 else { return }
        pieces[index.piece] += pieces.remove(at: next)
    }
}

extension SortedPieces: BidirectionalCollection {
    struct Index: Comparable {
        fileprivate let piece: Int
        fileprivate let offset: Int

        static func < (a: Index, b: Index) -> Bool { (a.piece, a.offset) < (b.piece, b.offset) }
    }

    var startIndex: Index { Index(piece: 0, offset: 0) }
    var endIndex: Index { Index(piece: pieces.count, offset: 0) }

    func index(after index: Index) -> Index {
        let offset = index.offset + 1
        return offset < pieces[index.piece].count ? Index(piece: index.piece, offset: offset) : Index(piece: index.piece + 1, offset: 0)
    }

    func index(before index: Index) -> Index {
        if index.offset > 0 { return Index(piece: index.piece, offset: index.offset - 1) }
        return Index(piece: index.piece - 1, offset: pieces[index.piece - 1].count - 1)
    }

    subscript(index: Index) -> Element { pieces[index.piece][index.offset] }
}
