import Posthorn
import PosthornModel
import PosthornText

/// Reads the events of a body: one object, or an array of them.
enum NewEvents {
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
