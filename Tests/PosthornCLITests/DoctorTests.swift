import Glibc
import PosthornModel
import PosthornText
import PosthornOutbox
import Testing

@testable import PosthornCLI

@Suite struct DoctorTests {
    @Test(arguments: [
        ("3.6.23", Finding.Severity.ok), ("3.7.0", .warn), ("3.40.1", .warn), ("3.44.5", .warn), ("3.44.6", .ok), ("3.45.0", .warn),
        ("3.50.6", .warn), ("3.50.7", .ok), ("3.51.2", .warn), ("3.51.3", .ok), ("3.52.0", .ok),
    ])
    func theWALResetBugIsKnownByVersion(version: String, severity: Finding.Severity) {
        #expect(VersionChecks.sqlite(version).severity == severity)
    }

    @Test func aFullDiskIsAProblemAndAnAlmostFullOneAWarning() {
        #expect(FileChecks.space(free: 1 << 20, used: 0).severity == .problem)
        #expect(FileChecks.space(free: 512 << 20, used: 0).severity == .warn)
        #expect(FileChecks.space(free: 10 << 30, used: 1 << 30).severity == .ok)
        #expect(FileChecks.log(bytes: 255 << 20, path: "a b").severity == .ok)
        let log = FileChecks.log(bytes: 256 << 20, path: "a b")
        #expect(log.severity == .warn && log.message.contains("256.0 MiB") && log.message.contains("fuser 'a b'"))
    }

    @Test func anOutboxThatEverybodyCanReadIsNamed() {
        let finding = FileChecks.outbox(0o644, path: "my outbox.db")
        #expect(finding.severity == .warn && finding.message.hasSuffix("chmod o-rwx 'my outbox.db'*"), "\(finding.message)")
        #expect(FileChecks.outbox(0o646, path: "x").message.contains("can change it"))
        #expect(FileChecks.outbox(0o660, path: "x").severity == .ok)
    }

    @Test func aKeyFileThatEverybodyCanReadIsNamed() {
        for mode: mode_t in [0o644, 0o604, 0o602] {
            let finding = FileChecks.key(mode, path: "/etc/posthorn key")
            #expect(finding.severity == .warn && finding.message.hasSuffix("chmod o-rwx '/etc/posthorn key'"), "\(finding.message)")
        }
        for mode: mode_t in [0o600, 0o400, 0o640] { #expect(FileChecks.key(mode, path: "key").severity == .ok) }
        #expect(FileChecks.key("/dev/null").isEmpty && FileChecks.key(nil).isEmpty)
    }

    @Test func aClientCertificateIsNamedBeforeAndAfterItsEnd() {
        let now = Timestamp(milliseconds: 1_800_000_000_000)
        func finding(_ from: Int64, _ until: Int64) -> Finding? {
            let days = { (count: Int64) in now.advanced(byMilliseconds: count * 86_400_000) }
            return SecretChecks.certificates(["crm": CertificateValidity(from: days(from), until: days(until))], at: now).first
        }
        #expect(finding(-1, 31)?.severity == .ok)
        #expect(finding(-1, 29)?.severity == .warn)
        #expect(finding(-1, 29)?.message.contains("expires on 2027-02-13T08:00:00.000Z (in 29d 0h)") == true)
        #expect(finding(-9, 0)?.severity == .problem)
        #expect(finding(-9, -1)?.message.contains("has expired on 2027-01-14T08:00:00.000Z (1d 0h ago)") == true)
        #expect(finding(1, 31)?.severity == .problem)
        #expect(SecretChecks.certificates([:], at: now).isEmpty)
    }

    @Test func aClockThatWasPutBackShowsInTheFile() {
        #expect(FileChecks.age(modifiedSeconds: 10_000, nowSeconds: 9_900) == nil)
        #expect(FileChecks.age(modifiedSeconds: 10_000, nowSeconds: 9_000)?.severity == .warn)
        #expect(MachineChecks.clock(Timestamp(milliseconds: 0), isSynchronised: true).severity == .problem)
    }

    @Test func withoutInotifyTheSettingIsNamed() {
        #expect(MachineChecks.notices(areAvailable: true).severity == .ok)
        let finding = MachineChecks.notices(areAvailable: false)
        #expect(finding.severity == .warn && finding.message.contains("fs.inotify.max_user_instances"))
    }

    @Test func plainHTTPIsNamedInOneSentenceHoweverManyThereAre() {
        let endpoints = (1...3).map { number in
            let settings = EndpointSettings(id: "e\(number)", node: "n", url: "http://\(number).example/")
            return StoredEndpoint(key: Int64(number), revision: 1, settings: settings, state: .active, stateReason: nil)
        }
        #expect(OutboxChecks.plainHTTP(Array(endpoints.prefix(1))).first?.message.hasPrefix("e1 is called over plain http") == true)
        #expect(OutboxChecks.plainHTTP(endpoints).first?.message.hasPrefix("e1 and 2 more are called over plain http") == true)
    }

    @Test func theHardLimitOfDescriptorsCounts() {
        #expect(MachineChecks.descriptors(soft: 1024, hard: 20_000, needed: 10_000).severity == .ok)
        #expect(MachineChecks.descriptors(soft: 1024, hard: 4096, needed: 10_000).severity == .warn)
    }
}
