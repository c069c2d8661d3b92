import PosthornModel
import PosthornText

/// Names, ids and numbers out of nothing.
extension SeededGenerator {
    /// 0 up to but not including `bound`.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

    mutating func integer(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    private mutating func text(_ count: Int, from alphabet: StaticString) -> String {
        String(decoding: (0..<count).map { _ in alphabet.utf8Start[below(alphabet.utf8CodeUnitCount)] }, as: UTF8.self)
    }

    /// Lower-case hexadecimal digits.
    mutating func hex(_ count: Int) -> String { text(count, from: "0123456789abcdef") }

    /// Letters and digits.
    mutating func token(_ count: Int) -> String {
        text(count, from: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    }

    mutating func digits(_ count: Int) -> String { text(1, from: "123456789") + text(count - 1, from: "0123456789") }

    /// A version 4 UUID.
    mutating func uuid() -> String { "\(hex(8))-\(hex(4))-4\(hex(3))-\(text(1, from: "89ab"))\(hex(3))-\(hex(12))" }

    /// A British mobile number of the range that Ofcom keeps for drama, without `+`.
    mutating func mobile() -> String { "447700900" + text(3, from: "0123456789") }

    mutating func person() -> Person {
        let first = pick(Person.firstNames)
        let last = pick(Person.lastNames)
        return Person(id: hex(24), first: first, last: last, phone: "+" + mobile(), language: pick(["nl", "en", "de", "es", "fr"]))
    }

    mutating func companyName() -> String {
        "\(pick(["Amber", "Noord", "Delta", "Linden", "Polder", "Quay", "Sierra", "Halm", "Juniper", "Marsh"])) "
            + pick(["Insurance", "Opticians", "Care", "Telecom", "Mortgages", "Energy", "Travel", "Legal", "Motors", "Foods"])
    }
}

/// Somebody who does not exist.
struct Person: Equatable, Sendable {
    static let firstNames = ["Maud", "Tijn", "Inés", "Oskar", "Priya", "Luca", "Zoë", "Mateo", "Freya", "Anton", "Nadia", "Bram"]
    static let lastNames = ["de Wit", "Okafor", "Núñez", "Lindqvist", "Marsh", "Visser", "Haddad", "Kowalska", "Fern", "Østby"]

    let id: String
    let first: String
    let last: String
    let phone: String
    let language: String

    var name: String { "\(first) \(last)" }

    /// An address that can reach nobody (RFC 2606).
    var email: String {
        let letters = "\(first).\(last)".lowercased().unicodeScalars.compactMap { scalar -> Character? in
            switch scalar {
            case "a"..."z", ".": return Character(scalar)
            case "é", "ë": return "e"
            case "ú": return "u"
            case "ñ": return "n"
            case "ø": return "o"
            default: return nil
            }
        }
        return String(letters) + "@mail.example"
    }
}

/// Shorthand for the trees that stages build.
func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { JSONValue.Member($0.key, $0.value) })
}

/// A number.
func number(_ value: Int) -> JSONValue { .number(String(value)) }

extension Timestamp {
    /// `2024-10-22T18:15:00+0000`, as diio and Voiso write times.
    var withNumericZone: String { String(description.prefix(19)) + "+0000" }

    /// A moment so many seconds later.
    func later(seconds: Int) -> Timestamp { advanced(byMilliseconds: Int64(seconds) * 1000) }
}
