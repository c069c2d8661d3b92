import PosthornModel
import PosthornText
import Testing

/// What the header `traceparent` may be, by section 3.2 of W3C Trace Context.
@Suite struct TraceParentTests {
    private static let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func refusal(_ text: String) -> InputProblem? {
        do throws(InputProblem) { try TraceParent.check(text) } catch { return error }
        return nil
    }

    @Test(arguments: [
        valid, "00-00000000000000000000000000000001-0000000000000001-ff", "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a000000000000000-00",
    ])
    func aValidOneIsTaken(_ text: String) { #expect(refusal(text) == nil) }

    @Test(arguments: [
        "", "00", valid + "-", valid + "0", valid.uppercased(), " " + valid, "01" + valid.dropFirst(2), "ff" + valid.dropFirst(2),
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\r",
        "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b701",
        "00-4bf92f3577b34da6a3ce929d0e0e47-3600f067aa0ba902b7-01", valid + "\0x",
    ])
    func anythingElseIsRefusedByName(_ text: String) {
        let problem = refusal(text)
        #expect(problem?.field == "traceparent" && problem?.reason.contains("write it as \(Self.valid)") == true)
    }

    @Test func anEventIsCheckedWithIt() {
        func event(_ traceparent: String?) throws -> Event {
            let now = Timestamp(milliseconds: 0)
            return try Event(checking: "e", type: "T", node: "n", created: now, data: Array("{}".utf8), traceparent: traceparent)
        }
        #expect(throws: Never.self) { try event(nil) }
        #expect(throws: Never.self) { try event(Self.valid) }
        #expect(throws: InputProblem.self) { try event("00-\r\nx: y") }
    }

    /// What came in by SQL was checked by the tables, whose functions stop at a NUL.
    @Test func traceParentsInsertedBySQLAreCheckedBeforeTheyAreSent() {
        let event = Event(
            id: "e",
            type: "T",
            node: "n",
            created: Timestamp(milliseconds: 0),
            data: Array("{}".utf8),
            traceparent: Self.valid + "\0\r\nx-admin: 1"
        )
        #expect(AcceptedEvent(event, isChecked: false).problem?.field == "traceparent")
    }
}
