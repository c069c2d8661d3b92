import Posthorn
import PosthornModel
import PosthornText

/// Reads the events of a body: one object, or an array of them.
enum NewEvents {
    /// Events that one array may have.
    static let limit = 4000

    /// - Throws: ``APIProblem`` that names every event that is not one.
    static func read(_ body: [UInt8]) throws(APIProblem) -> (events: [NewEvent], isArray: Bool) {
        let ranges: [Range<Int>]?
        do throws(JSONProblem) {
            ranges = try JSONScanner.read(body) { (scanner) throws(JSONProblem) -> [Range<Int>]? in
                guard try scanner.peek() == .array else {
                    _ = try scanner.skipValue()
                    return nil
                }
                var ranges: [Range<Int>] = []
                try scanner.elements { (inner) throws(JSONProblem) in ranges.append(try inner.skipValue()) }
                return ranges
            }
        } catch {
            throw APIProblem(.malformed, "the body is no JSON: \(error)")
        }
        guard let ranges else {
            do throws(InputProblem) { return ([NewEvent(try EventLine(body))], false) } catch { throw APIProblem([error]) }
        }
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
}
