import PosthornModel
import PosthornText
import PosthornSending
import PosthornText

@testable import PosthornLab

/// Swift Testing has an `Expectation` too.
typealias Verdict = PosthornLab.Expectation.Verdict

extension LoadAnswer {
    /// An answer that came after a while, or never where there is no status.
    /// - Parameters:
    ///   - milliseconds: From the moment it was meant to leave.
    ///   - late: How much of that the request left too late.
    static func after(
        _ milliseconds: Int64,
        at intended: Int64 = 0,
        status: Int? = 200,
        error: AttemptError? = nil,
        late: Int64 = 0
    ) -> LoadAnswer {
        LoadAnswer(
            ticket: LoadTicket(intended: intended, mark: 0),
            started: intended + late * 1_000_000,
            ended: intended + milliseconds * 1_000_000,
            status: status,
            error: error ?? (status == 200 ? nil : status == nil ? .timeout : .status),
            sentBytes: 10,
            receivedBytes: 20
        )
    }
}

extension LoadMeasurements.Ending {
    /// An answer after so many nanoseconds.
    static func answered(after nanoseconds: Int64, status: Int = 200) -> LoadMeasurements.Ending {
        let ticket = LoadTicket(intended: 0, mark: 0)
        let error: AttemptError? = status == 200 ? nil : .status
        let answer = LoadAnswer(ticket: ticket, started: 0, ended: nanoseconds, status: status, error: error)
        return .init(answer: answer, wasHeldBack: false, isToBeRefused: false)
    }
}

extension LoadTally {
    mutating func take(_ answer: LoadAnswer, _ kind: LoadKind = .plain, signsTime: Bool = false, wasHeldBack: Bool = false) {
        let isToBeRefused = kind.isToBeRefused(signsTime: signsTime)
        take(.init(answer: answer, wasHeldBack: wasHeldBack, isToBeRefused: isToBeRefused), kind, start: 0)
    }
}

extension LoadMeasurements {
    /// What was measured of these.
    static func of(_ answers: [LoadAnswer], wasHeldBack: Bool = false) -> LoadMeasurements {
        var all = LoadMeasurements()
        for answer in answers { all.take(.init(answer: answer, wasHeldBack: wasHeldBack, isToBeRefused: false)) }
        return all
    }
}

extension LoadReport {
    /// A report of a tally, by one connection to nowhere unless a plan says otherwise.
    static func of(
        _ tally: LoadTally,
        target: String = "x",
        plan: LoadPlan = LoadPlan(.closed(connections: 1)),
        signsTime: Bool = false
    ) -> LoadReport {
        LoadReport(Facts(target: target, began: Timestamp(milliseconds: 0), plan: plan, signsTime: signsTime), tally)
    }
}
