import PosthornModel
import PosthornText

/// A text of a vendor file with words in braces: `t={timestamp},v1={signature}`. A brace that is meant is doubled.
struct VendorTemplate: Sendable {
    /// A piece of the text.
    enum Piece: Sendable {
        case literal([UInt8])
        case word(VendorWord)
    }

    /// Where a template is, which says what it may hold.
    enum Use {
        case header, fill, query, content, place, repeated, claim, challenge, handshake, headerName

        func allows(_ word: VendorWord) -> Bool {
            switch (self, word) {
            case (_, .timestamp), (_, .id), (_, .uuid), (_, .config): return self != .headerName
            case (.headerName, .number): return true
            case (.place, .signature), (.repeated, .signature): return true
            case (.handshake, .challenge), (.challenge, .challenge): return true
            case (.header, .attempt), (.fill, .attempt), (.header, .eventName), (.fill, .eventName), (.query, .eventName): return true
            case (.content, .signature), (.content, .number), (.content, .challenge): return false
            case (.content, _): return true
            case (.header, .digest), (.header, .checksum), (.header, .method): return true
            case (.query, .digest), (.query, .checksum), (.query, .json): return true
            case (.claim, .digest), (.claim, .checksum), (.claim, .json), (.claim, .url), (.claim, .method), (.claim, .body): return true
            default: return false
            }
        }
    }

    let pieces: [Piece]

    init(_ json: PointedJSON, _ use: Use) throws(InputProblem) {
        let text = try json.string()
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var rest = text[...]
        while let character = rest.first {
            rest.removeFirst()
            if character != "{" && character != "}" {
                literal.append(contentsOf: character.utf8)
            } else if rest.first == character {
                literal.append(contentsOf: character.utf8)
                rest.removeFirst()
            } else {
                guard character == "{", let end = rest.firstIndex(of: "}"), let word = VendorWord(rest[..<end]) else {
                    throw json.problem(
                        .unknownWord,
                        value: text,
                        "holds a brace that is no word (a brace is written twice); words are \(VendorWord.list)"
                    )
                }
                guard use.allows(word) else {
                    throw json.problem(.incompatible, value: text, "holds {\(rest[..<end])}, which has no value here")
                }
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = []
                pieces.append(.word(word))
                rest = rest[rest.index(after: end)...]
            }
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        self.pieces = pieces
    }

    init(_ pieces: [Piece]) { self.pieces = pieces }

    /// The words in it.
    var words: [VendorWord] { pieces.compactMap { if case .word(let word) = $0 { word } else { nil } } }

    func holds(_ word: VendorWord) -> Bool { words.contains(word) }

    /// Whether it is always the same text.
    var constant: [UInt8]? {
        if pieces.isEmpty { return [] }
        if pieces.count == 1, case .literal(let bytes) = pieces[0] { return bytes }
        return nil
    }

    /// The only word in it; `nil` when there is anything else.
    var onlyWord: VendorWord? {
        if pieces.count == 1, case .word(let word) = pieces[0] { return word }
        return nil
    }

    /// What stands for its words in a text that it made; `nil` when it did not make it.
    /// - Parameter following: What may come after it, again and again.
    func match(_ text: [UInt8], following: VendorTemplate? = nil) -> [(word: VendorWord, bytes: [UInt8])]? {
        var found: [(word: VendorWord, bytes: [UInt8])] = []
        var rest = text[...]
        guard take(from: &rest, end: following?.beginning, into: &found) else { return nil }
        if let following {
            while !rest.isEmpty { if !following.take(from: &rest, end: following.beginning, into: &found) { return nil } }
        }
        return rest.isEmpty ? found : nil
    }

    private var beginning: [UInt8]? { if case .literal(let bytes)? = pieces.first { bytes } else { nil } }

    private func take(from rest: inout ArraySlice<UInt8>, end: [UInt8]?, into found: inout [(word: VendorWord, bytes: [UInt8])]) -> Bool {
        for (i, piece) in pieces.enumerated() {
            switch piece {
            case .literal(let bytes):
                guard rest.starts(with: bytes) else { return false }
                rest = rest.dropFirst(bytes.count)
            case .word(let word):
                var stop = rest.endIndex
                if i + 1 < pieces.count {
                    guard case .literal(let next) = pieces[i + 1], let place = rest.firstRange(of: next) else { return false }
                    stop = place.lowerBound
                } else if let end, let place = rest.firstRange(of: end) {
                    stop = place.lowerBound
                }
                found.append((word, Array(rest[..<stop])))
                rest = rest[stop...]
            }
        }
        return true
    }
}
