import Posthorn
import PosthornModel
import PosthornText

/// Reads the events of a body: one object, or an array of them.
enum NewEvents {
    /// Events that one array may have.
    static let limit = 4000

    /// - Throws: ``APIProblem`` that names every event that is not one.
    static func read(_ body: [UInt8]) throws(APIProblem) -> (events: [NewEvent], isArray: Bool) {
        let found: [Range<Int>]?
        do throws(JSONProblem) { found = try elements(of: body) } catch { throw malformed(error) }
        guard let ranges = found else { return ([try one(body)], false) }
        // Before anything is made of each: they are one job of one transaction, which others wait for.
        if ranges.count > limit {
            throw APIProblem(.tooLarge, "an array may have \(limit) events; send more as application/x-ndjson")
        }
        var events: [NewEvent] = []
        var faults: [APIProblem.Fault] = []
        for (i, range) in ranges.enumerated() {
            do throws(InputProblem) { events.append(NewEvent(try EventLine(Array(body[range])))) } catch {
                faults.append(.init(error, at: "/\(i)"))
            }
        }
        if !faults.isEmpty {
            throw APIProblem(.invalidBody, faults.count == 1 ? "1 event is refused" : "\(faults.count) events are refused", errors: faults)
        }
        if events.isEmpty { throw APIProblem(.invalidBody, "the array has no events", errors: []) }
        return (events, true)
    }

    /// Where the elements of an array are; `nil` for what is none, which is read no further.
    private static func elements(of body: [UInt8]) throws(JSONProblem) -> [Range<Int>]? {
        guard let first = body.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }), first == UInt8(ascii: "[") else { return nil }
        return try JSONScanner.read(body) { (scanner) throws(JSONProblem) -> [Range<Int>] in
            var ranges: [Range<Int>] = []
            try scanner.elements { (inner) throws(JSONProblem) in ranges.append(try inner.skipValue()) }
            return ranges
        }
    }

    /// The one event that a body is.
    private static func one(_ body: [UInt8]) throws(APIProblem) -> NewEvent {
        do throws(InputProblem) { return NewEvent(try EventLine(body)) } catch {
            // Only what is refused is read once more, to tell what is no JSON from what is no event.
            do throws(JSONProblem) { try JSONScanner.read(body) { (scanner) throws(JSONProblem) in _ = try scanner.skipValue() } } catch {
                throw malformed(error)
            }
            throw APIProblem([error])
        }
    }

    private static func malformed(_ problem: JSONProblem) -> APIProblem { APIProblem(.malformed, "the body is no JSON: \(problem)") }
}
