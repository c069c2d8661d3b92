import PosthornModel
package import PosthornSending
package import PosthornSystem
import PosthornText

/// Tries a receiver with what its vendor sends in good and in bad hours, and says of each thing whether it is handled.
///
/// What answers do not show is seen in the receiver's own ledger, where it has one; without it, it is not known.
package struct Scorecard {
    private let format: CheckedFormat
    private let url: EndpointURL
    private let egress: EgressGuard
    private let caFile: String?
    private let seed: UInt64
    private let clock: any PosthornClock
    private let ledger: (() throws -> Ledger)?
    /// How long the receiver may take to process what it has answered.
    private let graceMilliseconds: Int64
    /// Waits so many milliseconds, or not at all; says whether to go on.
    private let wait: (Int64) -> Bool

    /// It was not to go on.
    private struct Stopped: Error {}

    private static let hourMilliseconds: Int64 = 3_600_000
    private static let bigBytes = 1 << 20
    private static let ledgerPauseMilliseconds: Int64 = 100

    /// - Parameters:
    ///   - format: The receiver's format.
    ///   - url: Where it is.
    ///   - guard: Which addresses may be reached.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    ///   - seed: Where events come from; with another one the receiver sees other ids.
    ///   - clock: The moment of each request.
    ///   - ledger: Reads what the receiver says that it has processed; `nil` where it says nothing.
    ///   - graceMilliseconds: How long it may take until an event that it has answered is among these.
    ///   - wait: Waits so many milliseconds, 0 before each request; says whether to go on.
    package init(
        _ format: CheckedFormat,
        url: EndpointURL,
        guard: EgressGuard,
        caFile: String?,
        seed: UInt64,
        clock: any PosthornClock = SystemClock(),
        ledger: (() throws -> Ledger)?,
        graceMilliseconds: Int64,
        wait: @escaping (Int64) -> Bool
    ) {
        (self.format, self.url, egress, self.caFile, self.seed) = (format, url, `guard`, caFile, seed)
        (self.clock, self.ledger, self.graceMilliseconds, self.wait) = (clock, ledger, graceMilliseconds, wait)
    }

    /// What came back of a request.
    private enum Answer {
        case status(Int, [UInt8])
        case none(SingleRequestProblem)

        var text: String {
            switch self {
            case .status(let status, _): return "answered \(status)"
            case .none(let problem): return "not answered: \(problem)"
            }
        }

        var status: Int? { if case .status(let status, _) = self { status } else { nil } }
    }

    /// Tries everything but a load.
    /// - Parameter tell: Is told of each thing as soon as it is known.
    /// - Returns: Whether everything was tried; `false` when it was not to go on.
    /// - Throws: Why the receiver cannot be reached, when the first request finds no connection; what is wrong with the ledger.
    package func run(_ tell: (ScorecardRow) -> Void) throws -> Bool {
        do {
            try handshake(tell)
            let isTaken = try signature(tell)
            try age(tell, isTaken: isTaken)
            try duplicates(tell)
            try order(tell)
            try rotation(tell)
            try retries(tell)
            try faults(tell, isTaken: isTaken)
        } catch is Stopped { return false }
        return true
    }

    // MARK: The things

    private func handshake(_ tell: (ScorecardRow) -> Void) throws {
        let questions = try format.handshakes(url: url.text, at: clock.now())
        if questions.isEmpty {
            return tell(row(.handshake, "a new URL is asked", .skipped, "not in this format", "an answer as the vendor's page says"))
        }
        for question in questions {
            let title = question.isToBeRefused ? "a badly signed question" : "a new URL is asked"
            let demand = question.isToBeRefused ? "a refusal: the vendor tries this on purpose" : "the answer that the vendor waits for"
            let answer = try send(question.request, method: question.method)
            switch answer {
            case .status(let status, let body):
                let reason = question.judge(status, body)
                tell(row(.handshake, title, reason == nil ? .kept : .missed, reason ?? answer.text, demand))
            case .none(let problem):
                if ReceiverAudit.leavesNothingToJudge(problem.error) { throw problem }
                tell(row(.handshake, title, .missed, answer.text, demand))
            }
        }
    }

    /// What is said of a refusal by a receiver that refuses everything, which has shown nothing.
    private static let takesNothing = "the good request was not taken either"

    /// - Returns: Whether the good request was taken, without which a refusal of others shows nothing.
    private func signature(_ tell: (ScorecardRow) -> Void) throws -> Bool {
        let now = clock.now()
        let good = try answer(to: event(0, at: now), by: format.right, at: now)
        if case .none(let problem)? = good, ReceiverAudit.leavesNothingToJudge(problem.error) { throw problem }
        tell(judged(.signature, "a good request", good, isWanted: true, "\(Self.list(format.success))"))
        let isTaken = good?.status.map(format.isSuccess) ?? false
        func refusal(_ title: String, _ answer: Answer?) {
            let demand = "401 or another refusal"
            guard let answer else { return tell(row(.signature, title, .skipped, "not in this format", demand)) }
            if !isTaken { return tell(row(.signature, title, .unknown, Self.takesNothing, demand)) }
            tell(judged(.signature, title, answer, isWanted: false, demand))
        }
        refusal("another secret", try format.wrong.flatMap { try answer(to: event(1, at: now), by: $0, at: now) })
        refusal("no signature", try format.unsigned(event(2, at: now), at: now).map { try send($0) })
        var changed: OutboundRequest?
        if format.signsBody, var request = request(event(3, at: now), format.right, at: now), let place = Self.letter(in: request.body) {
            request.body[place] = request.body[place] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
            changed = request
        }
        refusal("a body that was changed on its way", try changed.map { try send($0) })
        return isTaken
    }

    private func age(_ tell: (ScorecardRow) -> Void, isTaken: Bool) throws {
        let demand = "a refusal: it may be a replay" + (format.toleranceSeconds.map { " (older than \($0) s)" } ?? "")
        guard format.signsTime else { return tell(row(.age, "signed an hour ago", .skipped, "the moment is not signed", demand)) }
        if !isTaken { return tell(row(.age, "signed an hour ago", .unknown, Self.takesNothing, demand)) }
        let hourAgo = clock.now().advanced(byMilliseconds: -Self.hourMilliseconds)
        let answer = try answer(to: event(4, at: hourAgo), by: format.right, at: hourAgo)
        tell(judged(.age, "signed an hour ago", answer, isWanted: false, demand))
    }

    private func duplicates(_ tell: (ScorecardRow) -> Void) throws {
        let now = clock.now()
        let one = event(5, at: now)
        let answers = try (0..<2).map { _ in try answer(to: one, by: format.right, at: clock.now()) }
        tell(judged(.duplicates, "the same event twice", answers[1], isWanted: true, "a success each time, or the vendor goes on trying"))
        tell(try processed(.duplicates, "it acts once", [one], wantsEach: 1, "it acts on the first one alone"))
    }

    private func order(_ tell: (ScorecardRow) -> Void) throws {
        let now = clock.now()
        let older = event(6, at: now.advanced(byMilliseconds: -60_000))
        let younger = event(7, at: now)
        let answers = try [younger, older].map { try answer(to: $0, by: format.right, at: clock.now()) }
        let refused = answers.first { !($0?.status.map(format.isSuccess) ?? false) } ?? answers[1]
        tell(judged(.order, "a younger event before an older one", refused, isWanted: true, "both are taken"))
        tell(try processed(.order, "neither is lost", [younger, older], wantsEach: 1, "both are processed, whichever comes first"))
    }

    private func rotation(_ tell: (ScorecardRow) -> Void) throws {
        let demand = "taken with either secret while the sender rotates"
        guard let next = format.next else {
            return tell(row(.rotation, "a second secret", .unknown, "no second secret was named (--rotate-to)", demand))
        }
        let now = clock.now()
        for (title, number, composer) in [("signed with the new secret", 8, next), ("signed with the old secret", 9, format.right)] {
            let answer = try answer(to: event(number, at: now), by: composer, at: now)
            tell(judged(.rotation, title, answer, isWanted: true, demand))
        }
    }

    private func retries(_ tell: (ScorecardRow) -> Void) throws {
        let now = clock.now()
        let one = event(10, at: now)
        if let request = request(one, format.right, at: now) { _ = try send(request, timeoutMilliseconds: 1) }
        let again = try answer(to: one, by: format.right, at: clock.now(), attempt: 2)
        tell(judged(.retries, "again after an answer that the vendor did not wait for", again, isWanted: true, "a success"))
        tell(try processed(.retries, "it acts once", [one], wantsEach: 1, "one event, however often it is tried"))
    }

    private func faults(_ tell: (ScorecardRow) -> Void, isTaken: Bool) throws {
        let now = clock.now()
        let isPost = format.method == .post
        func send(_ number: Int, type: String? = nil, adding member: String? = nil, changing change: ((inout [UInt8]) -> Void)? = nil)
            throws
            -> Answer?
        {
            if !isPost { return nil }
            return try request(event(number, at: now, type: type, adding: member), format.right, at: now, changing: change).map {
                try self.send($0)
            }
        }
        tell(judged(.faults, "an unknown type", try send(11, type: "something.new"), isWanted: true, "a success: vendors add types"))
        let unknown = try send(12, adding: #""new_in_version_2":"ä""#)
        tell(judged(.faults, "an unknown member", unknown, isWanted: true, "a success: vendors add members"))
        let padding = String(repeating: "x", count: Self.bigBytes)
        let big = try send(13, adding: "\"padding\":\"\(padding)\"")
        let isFine = big?.status.map { format.isSuccess($0) || $0 == 413 } ?? false
        let outcome: ScorecardRow.Outcome = big == nil ? .skipped : isFine ? .kept : .missed
        tell(row(.faults, "a megabyte", outcome, big?.text ?? "not in this format", "a success, or 413"))
        // It lacks its last bracket and nothing that proves the sender.
        let broken = try send(14) { $0.removeLast() }
        let isRefused = broken?.status.map { (400..<500).contains($0) || format.isSuccess($0) } ?? false
        let ofBroken: ScorecardRow.Outcome = broken == nil ? .skipped : !isRefused ? .missed : isTaken ? .kept : .unknown
        let evidence = ofBroken == .unknown ? Self.takesNothing : broken?.text ?? "not in this format"
        tell(row(.faults, "JSON that is cut off", ofBroken, evidence, "better 400; no failure of its own (5xx)"))
    }

    // MARK: Parts

    private func row(_ area: ScorecardRow.Area, _ title: String, _ outcome: ScorecardRow.Outcome, _ evidence: String, _ demand: String)
        -> ScorecardRow
    {
        ScorecardRow(area, title, outcome, evidence: evidence, demand: demand)
    }

    private func judged(_ area: ScorecardRow.Area, _ title: String, _ answer: Answer?, isWanted: Bool, _ demand: String) -> ScorecardRow {
        guard let answer else { return row(area, title, .skipped, "not in this format", demand) }
        let isGood = answer.status.map { isWanted ? format.isSuccess($0) : (400..<500).contains($0) } ?? false
        return row(area, title, isGood ? .kept : .missed, answer.text, demand)
    }

    /// How often events stand in the receiver's ledger.
    private func processed(
        _ area: ScorecardRow.Area,
        _ title: String,
        _ events: [Event],
        wantsEach wanted: Int,
        _ demand: String
    ) throws -> ScorecardRow {
        guard let ledger else { return row(area, title, .unknown, "cannot be known without the receiver's ledger (--ledger)", demand) }
        let names = events.compactMap { event in request(event, format.right, at: clock.now()).map { format.names(of: event, in: $0) } }
        var counts: [Int] = []
        var left = graceMilliseconds
        while true {
            let lines = try ledger().lines
            let now = names.map { names in lines.count { !names.isDisjoint(with: $0) } }
            // A second line may follow the first.
            if now.allSatisfy({ $0 >= wanted }), now == counts || now.contains(where: { $0 > wanted }) {
                counts = now
                break
            }
            counts = now
            if left <= 0 { break }
            let pause = min(left, Self.ledgerPauseMilliseconds)
            left -= pause
            if !wait(pause) { throw Stopped() }
        }
        let isRight = counts.allSatisfy { $0 == wanted }
        let text = counts.map { $0 == 0 ? "not processed" : $0 == 1 ? "processed once" : "processed \($0) times" }
        return row(area, title, isRight ? .kept : .missed, text.joined(separator: ", "), demand)
    }

    private func send(_ request: OutboundRequest, method: RequestMethod? = nil, timeoutMilliseconds: Int? = nil) throws -> Answer {
        if !wait(0) { throw Stopped() }
        do throws(SingleRequestProblem) {
            let response = try SingleRequest.perform(
                url,
                method: method ?? format.method,
                query: request.query,
                headers: request.headers,
                body: request.body,
                timeoutMilliseconds: timeoutMilliseconds ?? format.timeoutMilliseconds,
                guard: egress,
                caFile: caFile
            )
            return .status(response.status, response.body)
        } catch {
            return .none(error)
        }
    }

    private func answer(to event: Event, by composer: any AuditComposer, at moment: Timestamp, attempt: Int = 1) throws -> Answer? {
        try request(event, composer, at: moment, attempt: attempt).map { try send($0) }
    }

    /// `nil` where the format cannot carry it.
    private func request(
        _ event: Event,
        _ composer: any AuditComposer,
        at moment: Timestamp,
        attempt: Int = 1,
        changing change: ((inout [UInt8]) -> Void)? = nil
    ) -> OutboundRequest? {
        var request = OutboundRequest()
        let isMade =
            (try? composer.compose(AcceptedEvent(event), attempt: attempt, at: moment, changingBody: change, into: &request)) != nil
        return isMade ? request : nil
    }

    /// An event of a number: the same each time, another one for each number and seed.
    private func event(_ number: Int, at created: Timestamp, type: String? = nil, adding member: String? = nil) -> Event {
        var random = SeededGenerator(seed: seed, "check", UInt64(number))
        let id = EventID.make(at: created, random: random.next())
        let event = format.pool.event(seed % 100_000_000 * 100 + UInt64(number), id: id, created: created)
        var data = event.data
        if let member { data.insert(contentsOf: Array("\(member)\(data.count > 2 ? "," : "")".utf8), at: 1) }
        return Event(id: event.id, type: type ?? event.type, node: event.node, created: event.created, data: data)
    }

    /// A letter inside a body that is no part of an escape.
    private static func letter(in body: [UInt8]) -> Int? {
        body.indices.reversed().first { (0x61...0x7A).contains(body[$0]) && $0 > 0 && (0x61...0x7A).contains(body[$0 - 1]) }
    }

    private static func list(_ statuses: [ClosedRange<Int>]) -> String {
        statuses.map { $0.lowerBound == $0.upperBound ? String($0.lowerBound) : "\($0.lowerBound) to \($0.upperBound)" }.joined(
            separator: " or "
        )
    }
}
