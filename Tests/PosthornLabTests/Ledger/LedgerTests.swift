import PosthornModel
import PosthornText
import Testing

@testable import PosthornLab

@Suite struct LedgerTests {
    /// Events e0 to e9, each of an object of its own (o0 to o9) and with a digest (d0 to d9); `accepted` ones were answered 200.
    private func book(_ count: Int = 10, accepted: Set<Int>, forged: Set<Int> = []) -> SentRequests {
        var book = SentRequests()
        for i in 0..<count {
            let number = book.note(event: "e\(i)", object: Array("o\(i)".utf8), digest: "d\(i)", isToBeRefused: forged.contains(i))
            if accepted.contains(i) { book.accept(number) }
        }
        return book
    }

    private func result(_ text: String, _ book: SentRequests) throws -> LedgerResult {
        LedgerResult(try Ledger(Array(text.utf8)), against: book)
    }

    @Test func eventsMissingInTheLedgerAreLostAndRepeatedOnesAreDuplicates() throws {
        let found = try result("e0\no1\n{\"digest\":\"d2\"}\n{\"id\":\"e3\",\"more\":[1]}\ne0\n", book(accepted: Set(0...5)))
        #expect(found.events == 10 && found.processed == 4)
        #expect(found.lost == 2, "e4 and e5 were answered 200 and stand nowhere")
        #expect(found.twice == 1 && found.unacknowledged == 0 && found.forged == 0 && found.unknown == 0)
    }

    @Test func processedAndNotAnswered200IsUnacknowledgedAndWronglySignedIsForged() throws {
        let found = try result("e7\ne8\ne9\nsomebody\n", book(accepted: [8], forged: [8, 9]))
        #expect(found.unacknowledged == 1 && found.forged == 2 && found.unknown == 1 && found.lost == 0)
        #expect(found.findings.count == 3)
    }

    @Test func countsInSentencesAreGrouped() throws {
        let found = try result("e0\n", book(1200, accepted: Set(0...1100)))
        #expect(found.findings == ["1,100 of 1,200 events were answered 200 and never processed"])
    }

    /// A wrongly signed request that is answered 200 and left alone is a fault of the answer, which the load's own findings tell.
    @Test func aForgedEventThatIsNotProcessedIsNotLost() throws {
        #expect(try result("", book(1, accepted: [0], forged: [0])).lost == 0)
    }

    @Test func anEventThatWasSentAgainIsOne() throws {
        var book = SentRequests()
        let first = book.note(event: "e", object: nil, digest: "d", isToBeRefused: false)
        _ = book.note(event: "e", object: nil, digest: "d", isToBeRefused: false)
        book.accept(first)
        let found = try result("e\n", book)
        #expect(found.events == 1 && found.processed == 1 && found.lost == 0 && found.twice == 0)
    }

    @Test func aNameOfSeveralEventsNamesNone() throws {
        var book = SentRequests()
        for (event, digest) in [("e1", "d1"), ("e2", "d2")] {
            _ = book.note(event: event, object: Array("meeting".utf8), digest: digest, isToBeRefused: false)
        }
        #expect(try result("meeting\nmeeting\n", book).unknown == 2)
        let found = try result("{\"id\":\"meeting\",\"digest\":\"d1\"}\n{\"id\":\"meeting\",\"digest\":\"d2\"}\n", book)
        #expect(found.processed == 2 && found.unknown == 0)
    }

    @Test func linesAreReadAsTheyAreWritten() throws {
        let ledger = try Ledger(Array("\r\n  e1 \r\n\n{\"id\": 17}\n{\"id\":null,\"digest\":\"d\"}\nhalf a li".utf8))
        #expect(ledger.lines == [[SentRequests.key("e1".utf8)], [SentRequests.key("17".utf8)], [SentRequests.key("d".utf8)]])
    }

    @Test(arguments: ["{}", "{\"id\":", "{\"id\":true}", "{\"name\":\"e1\"}"])
    func aLineThatNamesNothingIsToldByItsNumber(_ line: String) {
        let problem = #expect(throws: InputProblem.self) { try Ledger(Array("e1\n\(line)\n".utf8)) }
        #expect(problem?.description.contains("line 2") == true)
    }

    @Test(arguments: ["Posthorn's receiver is up.", "<html>", "a,b", "\"e1\"", "[]", String(repeating: "e", count: 257)])
    func aLineThatIsNoNameIsShown(_ line: String) {
        let problem = #expect(throws: InputProblem.self) { try Ledger(Array("e1\n\(line)\n".utf8)) }
        #expect(problem?.value == InputProblem.printable(line) && problem?.reason.hasPrefix("(line 2) is no event's name") == true)
    }

    @Test func aLedgerThatNamesNoneOfWhatWasAcceptedSaysNothing() throws {
        #expect(try result("pong\n", book(accepted: [0])).namesNothing)
        #expect(try result("", book(accepted: [0])).namesNothing)
        #expect(!(try result("e1\n", book(accepted: [0, 1])).namesNothing))
        #expect(!(try result("", book(accepted: [])).namesNothing), "nothing was answered 200, so nothing need be there")
    }

    @Test func expectationsHoldTheLedgerToItsCounts() throws {
        var outcome = LoadOutcome(LoadMeasurements(), nanoseconds: 1, timeoutNanoseconds: 1)
        #expect(try Expectation("lost<1").evaluate(outcome).outcome == .unknown, "without a ledger nothing is shown")
        outcome.ledger = try result("e0\ne0\ne9\nx\n", book(accepted: [0, 1, 2], forged: [9]))
        for (text, holds) in [
            ("lost<=2", true), ("lost<2", false), ("twice<1", false), ("twice<=1", true), ("forged>0", true),
            ("unknown<1", false), ("unacknowledged<1", true),
        ] { #expect(try Expectation(text).evaluate(outcome).holds == holds, "\(text)") }
        #expect(try Expectation("lost<1").evaluate(outcome).line == "lost<1: missed, 2")
        #expect(throws: InputProblem.self) { try Expectation("lost<1%") }
    }
}
