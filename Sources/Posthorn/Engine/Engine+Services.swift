import PosthornSystem
import Synchronization

extension Engine {
    /// The services of an engine, in the order in which they are started and joined. A new one is a line here.
    static var services: [any EngineService.Type] {
        [HandshakeRunner.self, MailRunner.self, ReplayRunner.self]
    }

    /// Makes all services and starts them.
    /// - Throws: When one cannot be; those before it go on until they are ended.
    func startServices(_ core: EngineCore) throws(SystemProblem) {
        for kind in Self.services {
            guard let service = try kind.make(for: self) else { continue }
            core.services.append(service)
            try service.start()
        }
        let services = core.services
        // A stop that was asked for before this is seen when the engine has begun.
        state.withLock { $0.services = services }
    }
}
