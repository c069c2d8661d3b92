import PosthornModel

extension SenderThread {
    /// What the thread alone touches.
    struct State {
        var transfers: [Transfer] = []
        var free: [Transfer] = []
        var request = OutboundRequest()
        var turns = TurnQueue<SendJob>()
        var common = CommonNodes()
        var window: InFlightWindow
        /// The connections of the hosts, and the jobs that wait for one; an endpoint has no more than its limit here.
        var connections: ConnectionTable<Called>
        /// Whose the slow requests are, and the jobs of those who have too many; an endpoint has no more than its limit here.
        var slowShares: SlowShares<Called>
        var names: NameCache<Waiting>
        /// Jobs whose name is resolved and that wait for a place on the wire.
        var readied = Fifo<Waiting>()
        /// Jobs that have had their turn and wait until large requests have ended, or until there are descriptors; an endpoint has
        /// no more than its limit here.
        var parked = Fifo<Called>()
        var starvation = Starvation()
        var reuseDoubt = ReuseDoubt()
        var shardUse: ShardUse
        /// Jobs that have had their turn and wait until this machine can send them.
        var strandings = Stranding.all
        /// How many of each are being tried again.
        var strandedTries = [Int](repeating: 0, count: MachineFault.allCases.count + 1)
        /// Whether any fault has been met and is not over.
        var isStranded = false
        var toldOldAuthorities = false
        /// Jobs whose name was not resolved in time, by the name, until it is known why.
        var late: [String: [Waiting]] = [:]
        var stalls = StallWatch()
        /// No deadline of what is on the wire is before this.
        var nextDeadline = Int64.max
        var results: [SendResult] = []
        var finished: Int64 = 0
        var order = SenderMailbox.Order.work
    }
}
