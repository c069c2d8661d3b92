extension LoadPlan {
    /// The plan as one for each of several receivers: rate, requests, connections and places on the wire by weight, so that none of
    /// them waits for another.
    ///
    /// Evenly spaced requests take turns. Independent callers stay independent: each receiver's come from a seed of their own.
    /// - Parameter weights: At least one, each more than 0.
    func divided(by weights: [Double]) -> [LoadPlan] {
        let sum = weights.reduce(0, +)
        let counts = count.map { Self.parts(of: Int(clamping: $0), weights, atLeast: 0) }
        let limits = Self.parts(of: inFlightLimit, weights, atLeast: 1)
        let threads = Self.parts(of: self.threads, weights, atLeast: 1)
        return weights.indices.map { index in
            var plan = self
            plan.count = counts.map { UInt64($0[index]) }
            plan.inFlightLimit = limits[index]
            plan.threads = threads[index]
            plan.seed = seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15
            plan.phase = (phase + Double(index)) / Double(weights.count)
            switch model {
            case .open(let rates, let poisson): plan.model = .open(rates.scaled(by: weights[index] / sum), poisson: poisson)
            case .closed(let connections):
                plan.model = .closed(connections: Self.parts(of: connections, weights, atLeast: 1)[index])
            case .replay: break
            }
            return plan
        }
    }

    /// A number in whole parts by weight, of which the rounding goes to those that it takes the most from.
    static func parts(of total: Int, _ weights: [Double], atLeast least: Int) -> [Int] {
        let sum = weights.reduce(0, +)
        let exact = weights.map { Double(total) * $0 / sum }
        var parts = exact.map { max(least, Int($0)) }
        let order = exact.indices.sorted { (exact[$0] - Double(Int(exact[$0])), $1) > (exact[$1] - Double(Int(exact[$1])), $0) }
        for index in order.prefix(max(0, total - parts.reduce(0, +))) { parts[index] += 1 }
        return parts
    }
}

extension RateSpecification {
    /// The same steps at a share of their rates.
    func scaled(by share: Double) -> RateSpecification {
        RateSpecification(
            steps: steps.map { step in
                if step.isRamp, let length = step.nanoseconds {
                    return Step(from: step.ratePerSecond * share, to: step.endRatePerSecond * share, nanoseconds: length)
                }
                return Step(ratePerSecond: step.ratePerSecond * share, nanoseconds: step.nanoseconds)
            }
        )
    }
}
