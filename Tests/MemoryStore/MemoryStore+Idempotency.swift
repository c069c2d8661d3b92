import PosthornModel
import PosthornStore
import PosthornText

extension MemoryStore {
    func begin(_ request: RepeatableRequest) throws(OutboxProblem) -> RepeatableRequest? {
        try update { (tables) throws(OutboxProblem) in
            let oldest = request.created.advanced(byMilliseconds: -RepeatableRequest.keptMilliseconds)
            tables.repeatable.removeAll { $0.created < oldest }
            if let known = tables.repeatable.first(where: { $0.owner == request.owner && $0.name == request.name }) { return known }
            if tables.repeatable.count(where: { $0.owner == request.owner }) >= RepeatableRequest.limitEach {
                throw OutboxProblem(.refused, "too many requests with an Idempotency-Key were sent in a day")
            }
            tables.repeatable.append(request)
            return nil
        }
    }

    func end(_ request: RepeatableRequest, _ answer: RepeatableRequest.Answer?) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            guard let place = tables.repeatable.firstIndex(where: { $0.owner == request.owner && $0.name == request.name }) else { return }
            if let answer { tables.repeatable[place].answer = answer } else { tables.repeatable.remove(at: place) }
        }
    }
}
